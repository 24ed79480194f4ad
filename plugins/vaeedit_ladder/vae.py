"""The unconditional ladder VAE: latents at strides 2, 4, 8, ... of the image itself.

The network has bottom-up encoder features and a shared top-down path (Sonderby et al. 2016).
ELBO = E_q[log p(x | z)] - sum_l KL(q(z_l | z_>l, x) || p(z_l | z_>l)).
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

from torch import Tensor, nn
from torch.nn.functional import pad, pixel_unshuffle

from vaeedit.api import (
    LIKELIHOODS,
    Decoded,
    Draw,
    ElboTerms,
    Gaussian,
    Laplace,
    Latents,
    Likelihood,
    receptive_radius,
)
from vaeedit_ladder import LadderConfig
from vaeedit_ladder.blocks import Head, Pyramid
from vaeedit_ladder.topdown import Choose, TopDown


class LadderVAE(nn.Module):
    """Hierarchical convolutional VAE; satisfies `TrainableVAE` with a Laplace likelihood, and `Generative`."""

    conditions: tuple[str, ...] = ()
    receptive_field = cached_property(receptive_radius)

    def __init__(self, config: LadderConfig) -> None:
        super().__init__()
        self.channels = config.channels
        self.multiple = 2 ** len(config.widths)
        self.encoder = Pyramid(4 * config.channels, config.widths, config.blocks)
        self.ladder = TopDown(config.widths, config.latents, config.widths)
        self.latents = config.latents
        self.likelihood = LIKELIHOODS[config.likelihood]
        bias = self.likelihood.start(config.channels)
        self.head = Head(config.widths[0], len(bias), inner=16, bias=bias)

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        """The posterior q(z | x) of images (B, C, H, W) in [0, 1]; there are no conditions.

        Each level is given the posterior means of the coarser levels.
        """
        return Latents(tuple(self.ladder.infer((), self.encoder(pixel_unshuffle(x, 2)))))

    def decode(self, latents: Latents, *, std: bool = False) -> Decoded:
        """The mean (B, C, H, W) of p(x | z) at a point z and, with `std`, its standard deviation, in units of [0, 1]."""
        known = self._given(lambda level, _: latents.levels[-1 - level].mean)
        return Decoded(known.mean, known.std if std else None)

    def elbo_terms(self, latents: Latents, x: Tensor) -> ElboTerms:
        """Terms of the ELBO of images x (B, C, H, W) in [0, 1]; `estimate` is one decoded posterior sample.

        Raises ValueError for a likelihood that has no location and scale.
        """
        encoded = self.encoder(pixel_unshuffle(x, 2))
        kl: list[Tensor] = []
        known = self._given(self.ladder.sampler(encoded, kl))
        if not isinstance(known, Laplace):
            raise ValueError(
                "these terms are those of a Laplace likelihood; train another one by the objective 'likelihood'"
            )
        return ElboTerms(known.mean, known.log_scale, known.mean, known.log_scale, tuple(kl))

    def features(self, x: Tensor) -> list[Tensor]:
        """Bottom-up features (B, width, h, w) of images (B, C, H, W) in [0, 1], fine to coarse; sides are padded with 0."""
        below, right = (-side % self.multiple for side in x.shape[2:])
        features: list[Tensor] = self.encoder(pixel_unshuffle(pad(x, (0, right, 0, below)), 2))
        return features

    def draw(self, x: Tensor, features: list[Tensor]) -> Draw:
        """One posterior sample for each image."""
        h, kl, ratio, codes = self.ladder.drawn((), features)
        known = self._predicted(h, x.shape[2:])
        return Draw(known.log_prob(x).flatten(1).sum(1), kl, ratio, known, codes)

    def prior(self, count: int, size: tuple[int, int]) -> Latents:
        """N(0, I) in non-centered coordinates, for `count` images of (height, width), filled up to the `multiple`."""
        height, width = (-(-side // self.multiple) * self.multiple for side in size)
        levels = [(2 << level, channels) for level, channels in enumerate(self.latents)]
        shapes = [
            (count, channels, height // stride, width // stride) for stride, channels in reversed(levels)
        ]
        return Latents(tuple(Gaussian.standard(shape, self.ladder.top.device) for shape in shapes))

    def _given(self, choose: Choose) -> Likelihood:
        """p(x | z) for coordinates that `choose` returns."""
        return self._predicted(self.ladder((), choose))

    def _predicted(self, h: Tensor, size: Sequence[int] = ()) -> Likelihood:
        """p(x | z) for features (B, width, h, w) of the finest level, cut to `size` where one is given."""
        out: Tensor = self.head(h)
        return self.likelihood(out[..., : size[0], : size[1]] if size else out)
