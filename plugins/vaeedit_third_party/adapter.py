"""Autoencoders of the diffusers library, as VAEs of vaeedit: another range of pixels, and latents of about unit variance."""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from vaeedit.api import Decoded, Gaussian, Latents, WeightsError, receptive_radius
from vaeedit_third_party import OVERLAP, DiffusersConfig
from vaeedit_third_party.folders import library

POINTS = {"AutoencoderTiny": "latents", "AutoencoderDC": "latent"}
"""Attribute of what `encode` gives, for the classes whose encoders know no variance."""
WIDTHS = ("encoder_block_out_channels", "down_block_out_channels", "block_out_channels")
"""Names of the list that has one entry for every resolution of an encoder; in a config, the first of these that is there."""


class DiffusersAutoencoder(nn.Module):
    """Satisfies `VAE`. Latents are on one level, e = (z - shift) * factor, as diffusion models see them.

    They have the posterior's deviation where the class has one, and are points else. Networks with attention or group
    normalization satisfy `SeesWhole`.
    """

    conditions: tuple[str, ...] = ()
    channels = 3
    receptive_field = cached_property(receptive_radius)

    def __init__(self, shape: DiffusersConfig) -> None:
        super().__init__()
        with library() as diffusers:
            self.model = getattr(diffusers, shape.kind).from_config(shape.config)
        config = self.model.config
        if config.in_channels != 3 or config.get("out_channels", 3) != 3:
            raise WeightsError("Only autoencoders of images with three channels can be used.")
        self.point = POINTS.get(shape.kind)
        self.multiple: int = 1 << (len(next(config[name] for name in WIDTHS if name in config)) - 1)
        self.shift, self.factor = _unit_variance(config)
        if not all(map(math.isfinite, [*self.shift, *self.factor])) or 0 in self.factor:
            raise WeightsError("The factors of an autoencoder's latents must be finite numbers, and not 0.")
        if shape.kind != "AutoencoderTiny":
            self.overlap = OVERLAP * self.multiple

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        """(B, 3, H, W) in [0, 1] -> the posterior or a point; `conditions` is empty."""
        encoded = self.model.encode(2 * x - 1)
        if self.point:
            return Latents((Gaussian(self._to_unit(getattr(encoded, self.point).float())),))
        posterior = encoded.latent_dist
        log_scale = posterior.logvar.float() / 2 + _column(self.factor, x).log()
        return Latents((Gaussian(self._to_unit(posterior.mean.float()), log_scale),))

    def decode(self, latents: Latents, *, std: bool = False) -> Decoded:
        """The image at the mean; these models know no deviation of pixels, so `scale` changes nothing."""
        e = latents.levels[0].mean
        z = e / _column(self.factor, e) + _column(self.shift, e)
        return Decoded((self.model.decode(z).sample.float() + 1) / 2)

    def _to_unit(self, z: Tensor) -> Tensor:
        return (z - _column(self.shift, z)) * _column(self.factor, z)


def _unit_variance(config: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    """Shift and factor of (z - shift) * factor, for all channels or for each, as the library's pipelines apply them."""
    factor = config.get("scaling_factor") or 1.0
    mean, deviation = config.get("latents_mean"), config.get("latents_std")
    if mean and deviation:
        return list(mean), [factor / value for value in deviation]
    return [config.get("shift_factor") or 0.0], [factor]


def _column(values: Sequence[float], like: Tensor) -> Tensor:
    """Values by channel, to broadcast over a grid (B, C, h, w)."""
    return torch.tensor(values, device=like.device).view(1, -1, 1, 1)
