"""The base of the conditional ladder VAEs: a ladder models the residual, centered on a trunk's estimate.

    x = m(y) + [g(z, h) - g(mu, h)] + noise,   z ~ p(z | h),   noise ~ Laplace(0, b(z, h))

where a trunk computes m(y) and the features h, and mu is the mean of the learned prior. Centered like this, decoding at
the prior mean *is* m(y) and costs no ladder pass; the ladder sees detached features, so the trunk is trained for
m(y) alone. The conditional ELBO (Sohn et al. 2015, eq. 4) is
E_q[log p(x | z, y)] - sum_l KL(q(z_l | z_>l, x, y) || p(z_l | z_>l, y)).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pixel_unshuffle

from vaeedit.api import Decoded, ElboTerms, Gaussian, Latents
from vaeedit_ladder.topdown import Choose, TopDown

RESIDUAL_GAIN = 8.0
"""Factor on residuals before the encoder: x - m(y) is a few hundredths, and the factor brings it to order one."""
START = -3.5
"""Log of the Laplace scale that an untrained head predicts."""


class CenteredLadder(nn.Module):
    """Base class: a derived network sets the ladder, the head and the posterior's encoder, and computes m(y) and h."""

    ladder: TopDown
    head: nn.Module
    encoder: nn.Module
    channels: int
    latents: Sequence[int]

    def head_of(self, h: Tensor, context: Mapping[str, Any]) -> Tensor:
        """Features (B, width, h, w) of the finest grid -> (B, 2 channels, H, W): offset, then log of the Laplace scale."""
        out: Tensor = self.head(h)
        return out

    def encoder_features(self, residual: Tensor, context: Mapping[str, Any]) -> list[Tensor]:
        """Bottom-up features of a residual (B, C, H, W), one tensor per level, fine to coarse; here at strides 2, 4, ..."""
        features: list[Tensor] = self.encoder(pixel_unshuffle(residual, 2))
        return features

    def allowed(self, offset: Tensor, context: Mapping[str, Any]) -> Tensor:
        """The part of an offset (B, C, H, W) that a sample may add to the mean; here the whole offset."""
        return offset

    def prior(self, mean: Tensor, features: Sequence[Tensor], **context: Any) -> Latents:
        """p(z | y): N(0, I) in non-centered coordinates.

        The context holds the mean (B, C, H, W) in [0, 1], the features (B, width, h, w) from fine to coarse, and `context`.
        """
        grids = zip(reversed(self.latents), reversed(features), strict=True)
        shapes = [(len(mean), count, *f.shape[2:]) for count, f in grids]
        levels = tuple(Gaussian.standard(s, mean.device) for s in shapes)
        return Latents(levels, {"mean": mean, "features": features, **context})

    def decode(self, latents: Latents, *, std: bool = False) -> Decoded:
        """The image (B, C, H, W) at a point z and, with `std`, its standard deviation, both in units of [0, 1].

        At the prior mean the image is the trunk's mean; then the ladder runs only for the standard deviation.
        """
        context = latents.context
        if latents.is_prior_mean():
            if not std:
                return Decoded(context["mean"])
            h = self.ladder(context["features"], point_of(latents))
            return Decoded(context["mean"], _deviation(self.head_of(h, context)[:, self.channels :]))
        offset, log_scale = self.offset(latents)
        return Decoded(context["mean"] + offset, _deviation(log_scale) if std else None)

    def offset(self, latents: Latents) -> tuple[Tensor, Tensor]:
        """What a point z adds to the mean, and the log of the Laplace scale at z, (B, C, H, W) each."""
        offset, log_scale, _ = self._centered(latents.context["features"], point_of(latents), latents.context)
        return offset, log_scale

    def infer(self, prior: Latents, x: Tensor) -> Latents:
        """The posterior q(z | y, x) of every level, for a clean image x (B, C, H, W) in [0, 1]."""
        encoded = self.encoder_features((x - prior.context["mean"]) * RESIDUAL_GAIN, prior.context)
        return Latents(tuple(self.ladder.infer(prior.context["features"], encoded)), prior.context)

    def elbo_terms(self, latents: Latents, x: Tensor) -> ElboTerms:
        """Terms of the conditional ELBO for the first len(x) images; x is clean, (B', C, H, W) in [0, 1].

        Gradients reach the trunk through `estimate` only.
        """
        count, context = len(x), latents.context
        mean = context["mean"]
        features = [feature[:count].detach() for feature in context["features"]]
        anchor = mean[:count].detach()
        encoded = self.encoder_features((x - anchor) * RESIDUAL_GAIN, context)
        kl: list[Tensor] = []
        offset, sample_log_scale, log_scale = self._centered(
            features, self.ladder.sampler(encoded, kl), context
        )
        return ElboTerms(mean, log_scale, anchor + offset, sample_log_scale, tuple(kl))

    def _centered(
        self, features: Sequence[Tensor], choose: Choose, context: Mapping[str, Any]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """g(z, h) - g(mu, h), and the log scales at z and at mu."""
        (at_z, log_scale), (at_mu, log_scale_at_mu) = self.at(features, choose, context, (1, 0))
        return self.allowed(at_z - at_mu, context), log_scale, log_scale_at_mu

    def at(
        self,
        features: Sequence[Tensor],
        choose: Choose,
        context: Mapping[str, Any],
        factors: Sequence[float],
    ) -> Sequence[tuple[Tensor, Tensor]]:
        """g and the log of the Laplace scale, (B, C, H, W) each, at each factor times e: one pass over a larger batch."""
        count, times = len(features[0]), len(factors)

        def chosen(level: int, h: Tensor) -> Tensor:
            e = choose(level, h[:count])
            return torch.cat([factor * e for factor in factors])

        repeated = [torch.cat([feature] * times) for feature in features]
        heads = self.head_of(self.ladder(repeated, chosen), context).chunk(times)
        return [(head[:, : self.channels], _bounded(head[:, self.channels :])) for head in heads]


def point_of(latents: Latents) -> Choose:
    """The means of the levels, for a ladder."""
    return lambda level, _: latents.levels[-1 - level].mean


def _deviation(log_scale: Tensor) -> Tensor:
    """Standard deviation of a Laplace distribution: sqrt(2) times its scale parameter."""
    return _bounded(log_scale).exp() * 2**0.5


def _bounded(log_scale: Tensor) -> Tensor:
    return log_scale.clamp(-7.0, 1.0)
