"""Latents and their algebra.

A `Gaussian` is one level: a diagonal normal over a (B, C, h, w) grid, or a point. `Latents` are one or more
levels, coarse to fine, plus what the decoder needs beside them. A hierarchical VAE gives its levels in
*non-centered* coordinates: element e of a level stands for z = prior mean + prior scale * e, where the prior
of a level follows from the coarser ones while decoding. There the prior is N(0, I) at every level, KL is
unchanged, and all algebra below is plain grid arithmetic.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    def scale(self) -> Tensor:
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
        return self.at(self.mean + temperature * self.scale * noise)

    def kl(self, other: "Gaussian") -> Tensor:
        """KL(self || other) in nats, elementwise (B, C, h, w); neither may be a point."""
        if self.log_scale is None or other.log_scale is None:
            raise ValueError("KL divergence needs two distributions; a point has none")
        ratio = torch.exp(2 * (self.log_scale - other.log_scale))
        offset = ((self.mean - other.mean) / other.scale) ** 2
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

    def restored(self, *, samples: int = 0, realism: float = 0.0, seed: int = 0) -> "Latents | Mixture":
        """The mean, the average of `samples` draws, or, by `realism`, a point between that and one draw.

        Going straight from the MMSE estimate to a posterior sample is the optimal way to trade distortion for
        perception (Freirich et al. 2021, theorem 3).
        """
        if samples == 0 and realism == 0:
            return self.mean()

        def components() -> Iterator[tuple[float, Latents]]:
            if samples == 0:
                yield 1 - realism, self.mean()
                yield realism, self.sample(seed)
                return
            for index in range(samples):
                extra = realism if index == 0 else 0.0
                yield (1 - realism) / samples + extra, self.sample(seed + index)

        return Mixture(components())

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
class Mixture:
    """Weighted latents, decoded one by one: the image is the weighted mean, the scale follows the law of total variance.

    `components` yields (weight, latents); weights sum to 1. Give a generator to keep only one in memory.
    """

    components: Iterable[tuple[float, Latents]]

    def __iter__(self) -> Iterator[tuple[float, Latents]]:
        return iter(self.components)

    def edited(self, edit: "Callable[[Latents], Edited]") -> "Mixture":
        """Every component edited; what becomes a mixture itself is taken apart. Raises TypeError for a series."""

        def components() -> Iterator[tuple[float, Latents]]:
            for weight, latents in self:
                found = edit(latents)
                if isinstance(found, (Series, Refined)):
                    raise TypeError("a component of a mixture cannot become several pictures, or be refined")
                parts = found if isinstance(found, Mixture) else [(1.0, found)]
                yield from ((weight * share, part) for share, part in parts)

        return Mixture(components())


@dataclass(frozen=True)
class Series:
    """Several latents, decoded one by one, each to a picture of its own; `after` gets them all.

    Give a generator to keep only one in memory. Every tile must give as many.
    """

    members: Iterable[Latents | Mixture]

    def __iter__(self) -> Iterator[Latents | Mixture]:
        return iter(self.members)


@dataclass(frozen=True)
class Refined:
    """Latents whose means are to be moved, by `steps` of gradient descent, until they decode closer to the image itself."""

    latents: Latents
    steps: int


Edited = Latents | Mixture | Series | Refined
"""What an edit may give."""


@dataclass(frozen=True)
class Decoded:
    """Decoder output: `mean` (B, C, H, W) and, where asked for and known, the standard deviation `scale` of each value."""

    mean: Tensor
    scale: Tensor | None = None


def product_of_experts(levels: Sequence[Gaussian], weights: Tensor) -> Gaussian:
    """Weighted product of experts prod_k q_k^w_k of one level of K latents: precisions add, means are averaged by precision.

    `weights` (K, 1, h, w) are from 0 on and nowhere all 0; points count as very narrow.
    Hinton 2002; Wu & Goodman 2018 for VAEs.
    """
    precisions = weights * torch.cat([level.scale.float().clamp_min(1e-4) ** -2 for level in levels])
    total = precisions.sum(0, keepdim=True)
    mean = (precisions * torch.cat([level.mean.float() for level in levels])).sum(0, keepdim=True) / total
    first = levels[0].mean
    return replace(levels[0], mean=mean.to(first), log_scale=(-0.5 * total.log()).to(first))
