"""Latents and their algebra.

A `Gaussian` is one level: a diagonal normal over a (B, C, h, w) grid, or a point. `Latents` are one or more
levels, coarse to fine, plus what the decoder needs beside them. A hierarchical VAE gives its levels in
*non-centered* coordinates: element e of a level stands for z = prior mean + prior scale * e, where the prior
of a level follows from the coarser ones while decoding. There the prior is N(0, I) at every level, KL is
unchanged, and all algebra below is plain grid arithmetic.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from vaeedit.vae.noise import gaussian_field


@dataclass(frozen=True)
class Gaussian:
    """One level; `log_scale` None means a point at `mean`; `origin` is the grid position of element [0, 0]."""

    mean: Tensor
    log_scale: Tensor | None = None
    origin: tuple[int, int] = (0, 0)

    @classmethod
    def standard(cls, shape: tuple[int, int, int, int], device: torch.device) -> "Gaussian":
        """N(0, I) of `shape` (B, C, h, w), without storing it."""
        zero = torch.zeros((), device=device).expand(shape)
        return cls(zero, zero)

    @property
    def std(self) -> Tensor:
        """Standard deviation, zero for a point."""
        return torch.zeros_like(self.mean) if self.log_scale is None else self.log_scale.exp()

    def at(self, mean: Tensor) -> "Gaussian":
        """The point `mean` on this level's grid."""
        return replace(self, mean=mean, log_scale=None)

    def sample(self, seed: int, stream: int, temperature: float = 1.0) -> "Gaussian":
        """One draw; the same seed and stream give the same noise at the same grid position."""
        if self.log_scale is None or temperature == 0:
            return self.at(self.mean)
        _, channels, height, width = self.mean.shape
        noise = gaussian_field(seed, stream, (channels, height, width), self.origin, self.mean.device)
        return self.at(self.mean + temperature * self.std * noise)

    def kl(self, other: "Gaussian") -> Tensor:
        """KL(self || other) in nats, elementwise (B, C, h, w); neither may be a point."""
        if self.log_scale is None or other.log_scale is None:
            raise ValueError("KL divergence needs two distributions; a point has none")
        ratio = torch.exp(2 * (self.log_scale - other.log_scale))
        offset = ((self.mean - other.mean) / other.std) ** 2
        return other.log_scale - self.log_scale + 0.5 * (ratio + offset - 1)


@dataclass(frozen=True)
class Latents:
    """Levels, coarse to fine, and the decoder's `context` (for a conditional VAE: features of the observation)."""

    levels: tuple[Gaussian, ...]
    context: Mapping[str, Any] = field(default_factory=dict)

    def mean(self) -> "Latents":
        """The point at the mean of every level."""
        return self._each(lambda level: level.at(level.mean))

    def sample(self, seed: int, temperature: float = 1.0) -> "Latents":
        """One draw of every level; scales are multiplied by `temperature`."""
        drawn = [level.sample(seed, stream, temperature) for stream, level in enumerate(self.levels)]
        return replace(self, levels=tuple(drawn))

    def lerp(self, other: "Latents", weight: float) -> "Latents":
        """Points on the straight line between the means: 0 is self, 1 is other."""
        pairs = zip(self.levels, other.levels, strict=True)
        return replace(self, levels=tuple(a.at(torch.lerp(a.mean, b.mean, weight)) for a, b in pairs))

    def kl(self, other: "Latents") -> tuple[Tensor, ...]:
        """KL(self || other) in nats, one (B, C, h, w) map a level."""
        return tuple(a.kl(b) for a, b in zip(self.levels, other.levels, strict=True))

    def placed(self, row: int, column: int, height: int) -> "Latents":
        """The same latents for a tile whose first pixel is (row, column) and whose height is `height` pixels."""

        def place(level: Gaussian) -> Gaussian:
            stride = height // level.mean.shape[2]
            return replace(level, origin=(row // stride, column // stride))

        return self._each(place)

    def is_prior_mean(self) -> bool:
        """True for a point at zero on every level: in non-centered coordinates, the mean of the prior."""
        return all(level.log_scale is None and not level.mean.any() for level in self.levels)

    def _each(self, change: Callable[[Gaussian], Gaussian]) -> "Latents":
        return replace(self, levels=tuple(change(level) for level in self.levels))


@dataclass(frozen=True)
class Decoded:
    """Decoder output: `mean` (B, C, H, W) and, where asked for and known, the standard deviation `std` of each value."""

    mean: Tensor
    std: Tensor | None = None


def product_of_experts(levels: Sequence[Gaussian], weights: Tensor) -> Gaussian:
    """Weighted product of experts prod_k q_k^w_k of one level of K latents: precisions add, means are averaged by precision.

    `weights` (K, 1, h, w) are from 0 on and nowhere all 0; points count as very narrow.
    Hinton 2002; Wu & Goodman 2018 for VAEs.
    """
    precisions = weights * torch.cat([level.std.float().clamp_min(1e-4) ** -2 for level in levels])
    total = precisions.sum(0, keepdim=True)
    mean = (precisions * torch.cat([level.mean.float() for level in levels])).sum(0, keepdim=True) / total
    first = levels[0].mean
    return replace(levels[0], mean=mean.to(first), log_scale=(-0.5 * total.log()).to(first))
