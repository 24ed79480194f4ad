"""A VAE of the hidden part of an image, given the visible part: p(x | visible part), the CVAE of Sohn et al. (2015).

A ladder (`vaeedit_ladder.topdown`) whose prior, posterior and decoder all see features c of the visible part at every level:
p(z | c) is learned, in non-centered coordinates N(0, I), and the conditional ELBO (Sohn et al. 2015, eq. 4) is
E_q[log p(x_hidden | z, c)] - sum_l KL(q(z_l | z_>l, x, c) || p(z_l | z_>l, c)). One network serves every mask, as in
Ivanov et al. (2019); with nothing visible it is an unconditional VAE.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, pixel_unshuffle

from vaeedit.api import LIKELIHOODS, WHOLE, Decoded, Draw, Gaussian, Latents, Likelihood
from vaeedit_ladder.api import Head, Pyramid, TopDown
from vaeedit_variants.completion_options import CompletionConfig


class CompletionVAE(nn.Module):
    """Satisfies `Completing` and, with nothing visible, `VAE` and `Generative`; for images of one size."""

    conditions: tuple[str, ...] = ()
    receptive_field = WHOLE
    multiple, overlap = 1, 0

    def __init__(self, config: CompletionConfig) -> None:
        super().__init__()
        self.channels, self.latents, self.stride = config.channels, config.latents, config.stride
        self.size = (config.height, config.width)
        self.likelihood = LIKELIHOODS[config.likelihood]
        inputs = config.stride**2 * (config.channels + 1)
        self.observer = Pyramid(inputs, config.widths, config.blocks)
        self.encoder = Pyramid(inputs, config.widths, config.blocks)
        self.ladder = TopDown(config.widths, config.latents, config.widths, context=config.widths)
        bias = self.likelihood.start(config.channels)
        self.head = Head(config.widths[0], len(bias), inner=config.inner, bias=bias, stride=config.stride)

    def given_visible(self, x: Tensor, visible: Tensor) -> "GivenVisible":
        """The VAE of images (B, C, H, W) in [0, 1] that equal x where `visible` (B, 1, H, W), of 0 and 1, is 1.

        One image x serves any number of images.
        """
        return GivenVisible(self, x * visible, visible)

    def given_nothing(self) -> "GivenVisible":
        """The VAE of images of which nothing is visible."""
        nothing = self.ladder.top.new_zeros(1, self.channels, *self.size)
        return self.given_visible(nothing, nothing[:, :1])

    def features(self, x: Tensor) -> list[Tensor]:
        """What all posterior samples of images (B, C, H, W) in [0, 1] share; nothing is visible."""
        return self.given_nothing().features(x)

    def draw(self, x: Tensor, features: list[Tensor]) -> Draw:
        """One posterior sample for each image; nothing is visible."""
        return self.given_nothing().draw(x, features)

    def prior(self, count: int, size: tuple[int, int]) -> Latents:
        """p(z) for `count` images; nothing is visible, and the size is the network's own."""
        return self.given_nothing().prior(count, size)

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        """The posterior q(z | x) of images (B, C, H, W) in [0, 1], of which nothing is visible; there are no conditions."""
        return self.given_nothing().encode(x, conditions)

    def decode(self, latents: Latents, *, std: bool = False) -> Decoded:
        """The image (B, C, H, W) at a point z, which equals the visible part that the context of `latents` holds.

        Elsewhere it is the mean of p(x | z, c). With `std` there is the standard deviation too, 0 where visible.
        """
        context = latents.context
        h = self.ladder(context["features"], lambda level, _: latents.levels[-1 - level].mean)
        known, visible = self.predicted(h), context["visible"]
        mean = torch.where(visible > 0, context["x"], known.mean)
        return Decoded(mean, known.std * (1 - visible) if std else None)

    def joined(self, x: Tensor, visible: Tensor) -> Tensor:
        """Images (B, C, H, W) and masks (B or 1, 1, H, W), in blocks of `stride` pixels, filled up for all levels with 0."""
        below, right = (-side % (self.stride << len(self.latents) - 1) for side in self.size)
        both = torch.cat([x, visible.expand(len(x), -1, -1, -1)], 1)
        return pixel_unshuffle(pad(both, (0, right, 0, below)), self.stride)

    def predicted(self, h: Tensor) -> Likelihood:
        """p(x | z, c) of all values for features of the finest level (B, width, h, w)."""
        return self.likelihood(self.head(h)[..., : self.size[0], : self.size[1]])


class GivenVisible:
    """A `CompletionVAE` of images of which a part is visible: `GivenVae`. Its likelihood counts hidden values only."""

    conditions: tuple[str, ...] = ()
    receptive_field = WHOLE
    multiple, overlap = 1, 0

    def __init__(self, network: CompletionVAE, x: Tensor, visible: Tensor) -> None:
        self.network, self.channels, self.size = network, network.channels, network.size
        self.x, self.visible = x, visible
        self.context: list[Tensor] = network.observer(network.joined(x, visible))

    def features(self, x: Tensor) -> list[Tensor]:
        """Bottom-up features (B, width, h, w) of whole images (B, C, H, W) in [0, 1] and of the mask, fine to coarse."""
        features: list[Tensor] = self.network.encoder(self.network.joined(x, self.visible))
        return features

    def draw(self, x: Tensor, features: list[Tensor]) -> Draw:
        """One posterior sample for each image; the likelihood object means nothing where a value is visible."""
        h, kl, ratio, codes = self.network.ladder.drawn(self.context, features)
        known = self.network.predicted(h)
        hidden = known.log_prob(x) * (1 - self.visible)
        return Draw(hidden.flatten(1).sum(1), kl, ratio, known, codes)

    def prior(self, count: int, size: tuple[int, int]) -> Latents:
        """p(z | c), N(0, I) in non-centered coordinates, for `count` images; the size is the network's own."""
        grids = zip(reversed(self.network.latents), reversed(self.context), strict=True)
        shapes = [(count, channels, *grid.shape[2:]) for channels, grid in grids]
        return self._latents([Gaussian.standard(shape, self.x.device) for shape in shapes])

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        """The posterior q(z | x, c) of images (B, C, H, W) in [0, 1]."""
        return self._latents(self.network.ladder.infer(self.context, self.features(x)))

    def decode(self, latents: Latents, *, std: bool = False) -> Decoded:
        """The images (B, C, H, W) at a point z; they equal x where it is visible."""
        return self.network.decode(latents, std=std)

    def _latents(self, levels: list[Gaussian]) -> Latents:
        return Latents(tuple(levels), {"features": self.context, "x": self.x, "visible": self.visible})
