"""The restorer: a conditional ladder VAE p(x | y) of the clean image x given a degraded one y.

A U-Net trunk (Ronneberger et al. 2015) of y gives the conditional mean m(y) and, at every scale, features h.
Beside it a light ladder models the residual:

    x = m(y) + [g(z, h) - g(mu, h)] + noise,   z ~ p(z | h),   noise ~ Laplace(0, b(z, h))

with mu the mean of the learned prior. Centred like this, decoding at the prior mean *is* m(y) and costs no
ladder pass; the ladder sees detached features, so the trunk is trained for m(y) alone. The conditional ELBO
(Sohn et al. 2015, eq. 4) is E_q[log p(x | z, y)] - sum_l KL(q(z_l | z_>l, x, y) || p(z_l | z_>l, y)).

The trunk has no bias terms and takes the noise level as a map (Zhang et al. 2018, FFDNet): it is homogeneous,
m(a y, a s) = a m(y, s) for a > 0 (Mohan et al. 2020). A small network estimates that map from y alone when
it is not given, in the spirit of VDN (Yue et al. 2019).
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vaeedit.api import Decoded, ElboTerms, Gaussian, Latents
from vaeedit_ladder import RestorerShape
from vaeedit_ladder.blocks import Head, Pyramid, downs, stage, ups
from vaeedit_ladder.topdown import Choose, TopDown, draw

RESIDUAL_GAIN = 8.0
"""Residuals x - m(y) are a few hundredths; the evidence network sees them at order one."""


class UNet(nn.Module):
    """Trunk: image and noise map to the conditional mean and one feature map a level, fine to coarse."""

    def __init__(self, channels: int, widths: Sequence[int], blocks: Sequence[int]) -> None:
        super().__init__()
        self.stem = nn.Conv2d(4 * channels + 1, widths[0], 3, padding=1, bias=False)
        pairs = list(zip(widths, blocks, strict=True))
        self.down_stages = nn.ModuleList(stage(width, count, bias=False) for width, count in pairs)
        self.up_stages = nn.ModuleList(stage(width, count, bias=False) for width, count in pairs)
        self.downs = downs(widths, bias=False)
        self.ups = ups(widths, bias=False)
        self.final = nn.Conv2d(widths[0], 4 * channels, 3, padding=1, bias=False)

    def forward(self, y: Tensor, sigma: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, C, H, W), (B, 1, H, W) -> mean (B, C, H, W), features [(B, width, H / stride, W / stride)]."""
        h = self.stem(torch.cat([F.pixel_unshuffle(y, 2), F.avg_pool2d(sigma, 2)], 1))
        skips = []
        for level, residual in enumerate(self.down_stages):
            h = residual(h if level == 0 else self.downs[level - 1](h))
            skips.append(h)
        features: list[Tensor] = []
        for level in range(len(skips) - 1, -1, -1):
            if level < len(skips) - 1:
                h = self.ups[level](h) + skips[level]
            h = self.up_stages[level](h)
            features.insert(0, h)
        return y + F.pixel_shuffle(self.final(h).float(), 2), features


class NoiseEstimator(nn.Module):
    """Standard deviation of the noise at each pixel of y, on a grid of stride 4."""

    def __init__(self, channels: int, width: int = 48, blocks: int = 3) -> None:
        super().__init__()
        self.stem = nn.Conv2d(16 * channels, width, 3, padding=1)
        self.body = stage(width, blocks)
        self.final = nn.Conv2d(width, 1, 3, padding=1)
        nn.init.constant_(self.final.bias, -2.5)  # type: ignore[arg-type]

    def forward(self, y: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, 1, H, W), in the units of y."""
        log_sigma = self.final(self.body(self.stem(F.pixel_unshuffle(y, 4)))).float()
        return F.interpolate(log_sigma.clamp(-8, 0), scale_factor=4.0, mode="nearest").exp()


class LadderRestorer(nn.Module):
    """Conditional ladder VAE of residuals; satisfies `ConditionalVAE` and `Estimator`."""

    conditions = ("sigma",)

    def __init__(self, shape: RestorerShape) -> None:
        super().__init__()
        self.channels = shape.channels
        self.multiple = 2 ** len(shape.widths)
        self.latents = shape.latents
        self.receptive_field = _receptive_field(shape)
        self.trunk = UNet(shape.channels, shape.widths, shape.blocks)
        self.noise = NoiseEstimator(shape.channels)
        self.ladder = TopDown(shape.ladder_widths, shape.latents, shape.evidence_widths, shape.widths)
        scale_bias = [0.0] * shape.channels + [-3.5] * shape.channels
        self.head = Head(shape.ladder_widths[0], 2 * shape.channels, bias=scale_bias)
        self.evidence = Pyramid(shape.channels, shape.evidence_widths)

    def estimate(self, name: str, x: Tensor) -> Tensor:
        """The noise map "sigma" (B, 1, H, W) of x."""
        if name != "sigma":
            raise KeyError(name)
        sigma: Tensor = self.noise(x)
        return sigma

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        """The prior p(z | y) of an observed image, N(0, I) in non-centred coordinates; context: mean and features."""
        mean, features = self.trunk(x, conditions["sigma"])
        grids = zip(reversed(self.latents), reversed(features), strict=True)
        shapes = [(len(x), count, *f.shape[2:]) for count, f in grids]
        levels = tuple(Gaussian.standard(s, x.device) for s in shapes)
        return Latents(levels, {"mean": mean, "features": features})

    def decode(self, latents: Latents, *, scale: bool = False) -> Decoded:
        """The image at a point z; at the prior mean this is the trunk's mean, without a ladder pass."""
        mean, features = latents.context["mean"], latents.context["features"]
        if latents.is_prior_mean():
            if not scale:
                return Decoded(mean)
            h = self.ladder(features, lambda level, _: latents.levels[-1 - level].mean)
            return Decoded(mean, self._deviation(self.head(h)[:, self.channels :]))
        offset, log_scale, _ = self._centred(features, lambda level, _: latents.levels[-1 - level].mean)
        return Decoded(mean + offset, self._deviation(log_scale) if scale else None)

    def infer(self, prior: Latents, x: Tensor) -> Latents:
        """The posterior q(z | y, x) of every level, for a clean image x."""
        features = prior.context["features"]
        evidence = self.evidence((x - prior.context["mean"]) * RESIDUAL_GAIN)
        return Latents(tuple(self.ladder.infer(features, evidence)), prior.context)

    def elbo_terms(self, latents: Latents, x: Tensor) -> ElboTerms:
        """Conditional ELBO of the residual for the first len(x) images; gradients reach the trunk through `estimate` only."""
        count = len(x)
        mean = latents.context["mean"]
        features = [feature[:count].detach() for feature in latents.context["features"]]
        anchor = mean[:count].detach()
        evidence = self.evidence((x - anchor) * RESIDUAL_GAIN)
        kl: list[Tensor] = []

        def sampled(level: int, h: Tensor) -> Tensor:
            e, nats = draw(self.ladder.posterior_at(level, h, evidence[level]))
            kl.append(nats)
            return e

        offset, sample_log_scale, log_scale = self._centred(features, sampled)
        return ElboTerms(mean, log_scale, anchor + offset, sample_log_scale, tuple(kl))

    def _centred(self, features: Sequence[Tensor], choose: Choose) -> tuple[Tensor, Tensor, Tensor]:
        """g(z, h) - g(mu, h), and the log scales at z and at mu: one pass over a doubled batch."""
        count = len(features[0])

        def with_prior_mean(level: int, h: Tensor) -> Tensor:
            e = choose(level, h[:count])
            return torch.cat([e, torch.zeros_like(e)])

        doubled = [torch.cat([feature, feature]) for feature in features]
        at_z, at_mu = self.head(self.ladder(doubled, with_prior_mean)).chunk(2)
        c = self.channels
        return at_z[:, :c] - at_mu[:, :c], _bounded(at_z[:, c:]), _bounded(at_mu[:, c:])

    @staticmethod
    def _deviation(log_scale: Tensor) -> Tensor:
        """Standard deviation of a Laplace distribution: sqrt(2) times its scale."""
        return _bounded(log_scale).exp() * 2**0.5


def _bounded(log_scale: Tensor) -> Tensor:
    return log_scale.clamp(-7.0, 1.0)


def _receptive_field(shape: RestorerShape) -> int:
    """Radius in pixels: each 3x3 convolution adds its stride, each change of scale at most its coarser stride."""
    strides = [2 << level for level in range(len(shape.widths))]
    trunk = sum(4 * count * stride for count, stride in zip(shape.blocks, strides, strict=True))
    ladder = sum(4 * stride for stride in strides)
    noise_map = 8 * 4 + 4
    stem_and_heads = 2 * 2 + 2 + 1
    return trunk + ladder + noise_map + stem_and_heads + strides[-1]
