"""The network: one level of latents at stride 4, decoded with a Laplace distribution."""

from collections.abc import Mapping
from functools import cached_property

import torch
from torch import Tensor, nn

from tiny_vae import TinyConfig
from vaeedit.api import Decoded, ElboTerms, Gaussian, Latents, receptive_radius

SIDE = 4
"""Pixels are folded into channels in squares of this side."""


class TinyVAE(nn.Module):
    """A convolutional VAE; with `elbo_terms` it can be trained (`TrainableVAE`)."""

    channels = 3
    multiple = SIDE
    conditions: tuple[str, ...] = ()
    receptive_field = cached_property(receptive_radius)

    def __init__(self, config: TinyConfig) -> None:
        super().__init__()
        width, colors = config.width, self.channels * SIDE**2
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(SIDE),
            nn.Conv2d(colors, width, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(width, 2 * config.latents, 3, padding=1),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(config.latents, width, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(width, colors + SIDE**2, 3, padding=1),
            nn.PixelShuffle(SIDE),  # colors, and the log of one scale for all colors of a pixel
        )

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        """The posterior q(z | x) of images (B, 3, H, W) in [0, 1]; the prior is N(0, I)."""
        mean, log_scale = self.encoder(x - 0.5).float().chunk(2, 1)
        return Latents((Gaussian(mean, log_scale.clamp(-8, 1)),))

    def decode(self, latents: Latents, *, std: bool = False) -> Decoded:
        """The mean (B, 3, H, W) of p(x | z) and, with `std`, its standard deviation."""
        mean, log_scale = self._decoded(latents.levels[0].mean)
        return Decoded(mean, log_scale.exp() * 2**0.5 if std else None)

    def elbo_terms(self, latents: Latents, x: Tensor) -> ElboTerms:
        """The terms of the ELBO for one sample of the posterior."""
        (level,) = latents.levels
        zero = torch.zeros_like(level.mean)
        kl = level.kl(Gaussian(zero, zero)).sum((1, 2, 3)).mean()  # from N(0, I)
        mean, log_scale = self._decoded(level.mean + level.std * torch.randn_like(zero))
        return ElboTerms(mean, log_scale, mean, log_scale, (kl,))

    def _decoded(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log of the Laplace scale, (B, 3, H, W) each."""
        out = self.decoder(z).float()
        return 0.5 + out[:, :3], (out[:, 3:] - 3).clamp(-7, 1).expand(-1, 3, -1, -1)
