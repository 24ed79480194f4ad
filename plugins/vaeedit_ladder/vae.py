"""The unconditional ladder VAE: latents at strides 2, 4, 8, ... of the image itself.

The network has bottom-up encoder features and a shared top-down path (Sonderby et al. 2016); p(x | z) is a Laplace
distribution with a predicted scale. ELBO = E_q[log p(x | z)] - sum_l KL(q(z_l | z_>l, x) || p(z_l | z_>l)).
"""

from collections.abc import Mapping
from functools import cached_property

from torch import Tensor, nn
from torch.nn.functional import pixel_unshuffle

from vaeedit.api import Decoded, ElboTerms, Latents, receptive_radius
from vaeedit_ladder import LadderConfig
from vaeedit_ladder.blocks import Head, Pyramid
from vaeedit_ladder.topdown import TopDown


class LadderVAE(nn.Module):
    """Hierarchical convolutional VAE; satisfies `TrainableVAE`."""

    conditions: tuple[str, ...] = ()
    receptive_field = cached_property(receptive_radius)

    def __init__(self, config: LadderConfig) -> None:
        super().__init__()
        self.channels = config.channels
        self.multiple = 2 ** len(config.widths)
        self.encoder = Pyramid(4 * config.channels, config.widths, config.blocks)
        self.ladder = TopDown(config.widths, config.latents, config.widths)
        bias = [0.5] * config.channels + [-2.0] * config.channels
        self.head = Head(config.widths[0], 2 * config.channels, inner=16, bias=bias)

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        """The posterior q(z | x) of images (B, C, H, W) in [0, 1]; there are no conditions.

        Each level is given the posterior means of the coarser levels.
        """
        return Latents(tuple(self.ladder.infer((), self.encoder(pixel_unshuffle(x, 2)))))

    def decode(self, latents: Latents, *, std: bool = False) -> Decoded:
        """The mean (B, C, H, W) of p(x | z) at a point z and, with `std`, its standard deviation, in units of [0, 1]."""
        out = self.head(self.ladder((), lambda level, _: latents.levels[-1 - level].mean))
        mean, log_scale = out.chunk(2, 1)
        return Decoded(mean, log_scale.clamp(-7, 1).exp() * 2**0.5 if std else None)

    def elbo_terms(self, latents: Latents, x: Tensor) -> ElboTerms:
        """Terms of the ELBO of images x (B, C, H, W) in [0, 1]; `estimate` is one decoded posterior sample."""
        encoded = self.encoder(pixel_unshuffle(x, 2))
        kl: list[Tensor] = []
        mean, log_scale = self.head(self.ladder((), self.ladder.sampler(encoded, kl))).chunk(2, 1)
        log_scale = log_scale.clamp(-7, 1)
        return ElboTerms(mean, log_scale, mean, log_scale, tuple(kl))
