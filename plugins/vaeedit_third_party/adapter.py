"""Autoencoders of the diffusers library as VAEs of vaeedit: pixels are rescaled, and latents get about unit variance."""

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
"""Attribute with the latents that `encode` returns, for the classes whose encoders predict no variance."""
WIDTHS = ("encoder_block_out_channels", "down_block_out_channels", "block_out_channels")
"""Keys of a config that list one width for each resolution of the encoder; the first key present counts."""


class DiffusersAutoencoder(nn.Module):
    """Satisfies `VAE`. Latents have one level, e = (z - shift) * factor, as diffusion models use them.

    They have the posterior's standard deviation if the class predicts one; otherwise they are points. Networks with
    attention or group normalization satisfy `SeesWhole`.
    """

    conditions: tuple[str, ...] = ()
    channels = 3
    receptive_field = cached_property(receptive_radius)

    def __init__(self, config: DiffusersConfig) -> None:
        super().__init__()
        with library() as diffusers:
            self.model = getattr(diffusers, config.kind).from_config(config.config)
        own = self.model.config
        if own.in_channels != 3 or own.get("out_channels", 3) != 3:
            raise WeightsError("Only autoencoders of images with three channels can be used.")
        self.point = POINTS.get(config.kind)
        self.multiple: int = 1 << (len(next(own[name] for name in WIDTHS if name in own)) - 1)
        self.shift, self.factor = _unit_variance(own)
        if not all(map(math.isfinite, [*self.shift, *self.factor])) or 0 in self.factor:
            raise WeightsError("The factors of an autoencoder's latents must be finite numbers, and not 0.")
        if config.kind != "AutoencoderTiny":
            self.overlap = OVERLAP * self.multiple

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        """(B, 3, H, W) in [0, 1] -> the posterior or a point (B, C, h, w); there are no conditions."""
        encoded = self.model.encode(2 * x - 1)
        if self.point:
            return Latents((Gaussian(self._to_unit(getattr(encoded, self.point).float())),))
        posterior = encoded.latent_dist
        log_scale = posterior.logvar.float() / 2 + _column(self.factor, x).log()
        return Latents((Gaussian(self._to_unit(posterior.mean.float()), log_scale),))

    def decode(self, latents: Latents, *, std: bool = False) -> Decoded:
        """The image (B, 3, H, W) in [0, 1] at the mean; these models predict no deviation, so `std` changes nothing."""
        e = latents.levels[0].mean
        z = e / _column(self.factor, e) + _column(self.shift, e)
        return Decoded((self.model.decode(z).sample.float() + 1) / 2)

    def _to_unit(self, z: Tensor) -> Tensor:
        return (z - _column(self.shift, z)) * _column(self.factor, z)


def _unit_variance(config: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    """Shift and factor of (z - shift) * factor, one for all channels or one each, as the library's pipelines apply them."""
    factor = config.get("scaling_factor") or 1.0
    mean, std = config.get("latents_mean"), config.get("latents_std")
    if mean and std:
        return list(mean), [factor / value for value in std]
    return [config.get("shift_factor") or 0.0], [factor]


def _column(values: Sequence[float], like: Tensor) -> Tensor:
    """Values of the channels, to broadcast over a grid (B, C, h, w)."""
    return torch.tensor(values, device=like.device).view(1, -1, 1, 1)
