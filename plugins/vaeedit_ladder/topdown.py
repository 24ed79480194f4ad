"""The ladder: Gaussian latents at several scales, generated from coarse to fine (Sonderby et al. 2016).

The prior of a level, p(z_l | z_>l, context) = N(mu_l, sigma_l^2), follows from features h_l, which depend on all
coarser levels; the posterior shares this top-down path and adds bottom-up encoder features of x. Latents are
non-centered, z_l = mu_l + sigma_l * e_l, so the prior of e_l is N(0, I) and the posterior N(m_l, s_l^2) is the
residual parametrization of NVAE (Vahdat & Kautz 2020, eq. 2): KL = (m^2 + s^2 - 1) / 2 - log s.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from vaeedit.api import Gaussian, sampled
from vaeedit_ladder.blocks import ResidualBlock, ups, zero_initialized

Choose = Callable[[int, Tensor], Tensor]
"""(level, features (B, width, h, w)) -> non-centered coordinates e of that level, (B, latents, h, w)."""


class TopDown(nn.Module):
    """Top-down path over levels 0 (fine) to L - 1 (coarse); level l has stride 2^(l + 1)."""

    def __init__(
        self,
        widths: Sequence[int],
        latents: Sequence[int],
        encoded: Sequence[int],
        context: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.top = nn.Parameter(torch.zeros(1, widths[-1], 1, 1))
        pairs = zip(context, widths, strict=bool(context))
        self.enter = nn.ModuleList(nn.Conv2d(wide, width, 1) for wide, width in pairs)
        self.before = nn.ModuleList(ResidualBlock(width) for width in widths)
        self.after = nn.ModuleList(ResidualBlock(width) for width in widths)
        self.ups = ups(widths)
        self.prior = nn.ModuleList(
            zero_initialized(nn.Conv2d(width, 2 * count, 1))
            for width, count in zip(widths, latents, strict=True)
        )
        self.posterior = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(width + wide, 64, 1), nn.ReLU(), zero_initialized(nn.Conv2d(64, 2 * count, 1))
            )
            for width, wide, count in zip(widths, encoded, latents, strict=True)
        )
        self.inject = nn.ModuleList(
            nn.Conv2d(count, width, 1, bias=False) for width, count in zip(widths, latents, strict=True)
        )

    def forward(self, context: Sequence[Tensor], choose: Choose) -> Tensor:
        """Run from coarse to fine; `choose` returns each level's coordinates. Returns features (B, width, h, w) at stride 2.

        `context` holds features (B, width, h, w), fine to coarse, or is empty; then the sizes follow from `choose`.
        """
        h = self.top
        coarsest = len(self.prior) - 1
        for level in range(coarsest, -1, -1):
            if level < coarsest:
                h = self.ups[level](h)
            if context:
                h = h + self.enter[level](context[level])
            h = self.before[level](h)
            mean, log_scale = self.prior[level](h).float().chunk(2, 1)
            z = mean + log_scale.clamp(-6, 3).exp() * choose(level, h)
            h = self.after[level](h + self.inject[level](z.to(h.dtype)))
        return h

    def posterior_at(self, level: int, h: Tensor, encoded: Tensor) -> Gaussian:
        """q(e_l | z_>l, x) in non-centered coordinates, (B, latents, h, w).

        It follows from top-down features h (B or 1, width, h, w) and bottom-up encoder features (B, width', h, w).
        """
        h = h.expand(encoded.shape[0], -1, *encoded.shape[2:])
        mean, log_scale = self.posterior[level](torch.cat([h, encoded], 1)).float().chunk(2, 1)
        return Gaussian(mean, log_scale.clamp(-8, 3))

    def sampler(self, encoded: Sequence[Tensor], kl: list[Tensor]) -> Choose:
        """Draw each level from its posterior given encoder features (B, width, h, w), and append its KL in nats to `kl`."""

        def choose(level: int, h: Tensor) -> Tensor:
            e, nats = draw(self.posterior_at(level, h, encoded[level]))
            kl.append(nats)
            return e

        return choose

    def drawn(
        self, context: Sequence[Tensor], encoded: Sequence[Tensor]
    ) -> tuple[Tensor, tuple[Tensor, ...], Tensor, tuple[Tensor, ...]]:
        """Draw all levels from the posterior, given features (B, width, h, w), fine to coarse.

        Returns features (B, width, h, w) of the finest level; per image in nats (B,): the KL of each level, coarse to fine,
        and log q(z | x) - log p(z) at the sample; and the mean of each level's posterior (B, latents, h, w).
        """
        terms: list[tuple[Tensor, Tensor, Tensor]] = []

        def sample(level: int, h: Tensor) -> Tensor:
            posterior = self.posterior_at(level, h, encoded[level])
            e, kl, ratio = sampled(posterior)
            terms.append((kl, ratio, posterior.mean))
            return e

        h = self(context, sample)
        kl, ratio, codes = zip(*terms, strict=True)
        return h, kl, torch.stack(ratio).sum(0), codes

    def infer(self, context: Sequence[Tensor], encoded: Sequence[Tensor]) -> list[Gaussian]:
        """The posterior (B, latents, h, w) of every level, coarse to fine, given the posterior means of the coarser levels.

        `context` and `encoded` hold features (B, width, h, w), fine to coarse; an unconditional ladder has no context.
        """
        levels: list[Gaussian] = []

        def posterior_mean(level: int, h: Tensor) -> Tensor:
            levels.append(self.posterior_at(level, h, encoded[level]))
            return levels[-1].mean

        self(context, posterior_mean)
        return levels


def draw(posterior: Gaussian, keep: Tensor | float = 1.0) -> tuple[Tensor, Tensor]:
    """A reparametrized sample (B, C, h, w) (Kingma & Welling 2014), and KL(posterior || N(0, I)) in nats.

    The KL is averaged over images; `keep` weights that of each image, (B, 1, 1, 1), or channel, (B, C, 1, 1).
    """
    assert posterior.log_scale is not None
    mean, log_scale = posterior.mean, posterior.log_scale
    kl = 0.5 * (mean**2 + torch.exp(2 * log_scale) - 1) - log_scale
    return mean + log_scale.exp() * torch.randn_like(mean), (keep * kl).sum((1, 2, 3)).mean()
