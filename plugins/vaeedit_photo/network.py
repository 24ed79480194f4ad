"""The photo VAE: an autoencoder for editing, with latents at strides 2, 4 and 8 and a linear shortcut.

At every stride, coarse to fine, a posterior q(z_l | x, z_>l) codes the residual of the coarser levels' linear images; the
prior is N(0, I). The decoder adds the linear images of all levels and a correction by a convolutional network. In training,
finer channels of some images are dropped (nested dropout, Rippel et al. 2014), so that the coarse channels alone decode to
a whole picture: one network serves several rates.
"""

from collections.abc import Mapping
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn.functional import pixel_unshuffle

from vaeedit.api import Decoded, ElboTerms, Gaussian, Latents, receptive_radius
from vaeedit_ladder.api import Head, Pyramid, draw, stage, ups, zero_initialized
from vaeedit_photo.config import PhotoConfig
from vaeedit_photo.linear import LinearLadder

LOG_SCALE = -4.0
"""Log of the standard deviation of an untrained posterior: 2 % noise on latents of unit variance."""


class PhotoVAE(nn.Module):
    """Convolutional VAE with nested levels; satisfies `TrainableVAE` and `StartsFromData`."""

    conditions: tuple[str, ...] = ()
    receptive_field = cached_property(receptive_radius)

    def __init__(self, config: PhotoConfig) -> None:
        super().__init__()
        self.channels = config.channels
        strides = [2 << level for level in range(len(config.widths))]
        self.multiple = strides[-1]
        pairs = list(zip(config.latents, config.widths, strict=True))
        self.nested, self.kept, slope = config.nested, config.kept, config.slope
        self.linear = LinearLadder(config.channels, strides, config.latents)
        self.encoder = Pyramid(4 * config.channels, config.widths, config.encoder_blocks, slope)
        self.posterior = nn.ModuleList(
            zero_initialized(nn.Conv2d(width, 2 * count, 3, padding=1)) for count, width in pairs
        )
        self.enter = nn.ModuleList(nn.Conv2d(count, width, 3, padding=1) for count, width in pairs)
        self.stages = nn.ModuleList(
            stage(*one, slope=slope) for one in zip(config.widths, config.blocks, strict=True)
        )
        self.ups = ups(config.widths)
        bias = [0.0] * config.channels + [-3.0] * config.channels
        self.head = Head(config.widths[0], 2 * config.channels, inner=16, bias=bias)

    def start_from(self, x: Tensor) -> None:
        """Fit the linear shortcut to the principal components of images (B, C, H, W) in [0, 1]."""
        self.linear.fit(x)

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        """The posterior q(z | x) of images (B, C, H, W) in [0, 1]; there are no conditions.

        Each level is given the posterior means of the coarser levels.
        """
        features, rest = self.encoder(pixel_unshuffle(x, 2)), x - 0.5
        levels: list[Gaussian] = []
        for level in range(len(features) - 1, -1, -1):
            change, log_scale = self.posterior[level](features[level]).float().chunk(2, 1)
            mean = self.linear.code(level, rest).float() + change
            rest = rest - self.linear.image(level, mean)
            levels.append(Gaussian(mean, (log_scale + LOG_SCALE).clamp(-8, 1)))
        return Latents(tuple(levels))

    def decode(self, latents: Latents, *, std: bool = False) -> Decoded:
        """The mean (B, C, H, W) of p(x | z) at a point z and, with `std`, its standard deviation, in units of [0, 1].

        The linear image of a level at zero is zero.
        """
        mean, log_scale = self._decoded([level.mean for level in latents.levels])
        return Decoded(mean, log_scale.exp() * 2**0.5 if std else None)

    def elbo_terms(self, latents: Latents, x: Tensor) -> ElboTerms:
        """Terms of the ELBO of images x (B, C, H, W) in [0, 1], by one sample; some images keep only the coarser channels."""
        points: list[Tensor] = []
        kl: list[Tensor] = []
        chosen = torch.tensor(self.kept).multinomial(len(x), replacement=True)
        counts = torch.tensor(self.nested)[chosen].to(x.device)
        passed = 0  # channels of the coarser levels
        for level in latents.levels:
            channels = level.mean.shape[1]
            rank = torch.arange(passed, passed + channels, device=x.device)
            keep = (rank < counts[:, None]).float()[..., None, None]
            z, nats = draw(level, keep)
            points.append(z * keep)
            kl.append(nats)
            passed += channels
        mean, log_scale = self._decoded(points)
        return ElboTerms(mean, log_scale, mean, log_scale, tuple(kl))

    def _decoded(self, points: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Mean and log of the Laplace scale, (B, C, H, W) each, for latents (B, latents, h, w) from coarse to fine."""
        h: Tensor | None = None
        image: Tensor | float = 0.5
        for rank, z in enumerate(points):
            level = len(points) - 1 - rank
            entered = self.enter[level](z)
            h = self.stages[level](entered if h is None else self.ups[level](h) + entered)
            image = image + self.linear.image(level, z).float()
        correction, log_scale = self.head(h).chunk(2, 1)
        return image + correction, log_scale.clamp(-7, 1)
