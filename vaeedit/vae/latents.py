"""Latents and their algebra.

A `Gaussian` is one level: a diagonal normal distribution over a (B, C, h, w) grid, or a point. `Latents` are
one or more levels, coarse to fine, and the context of the decoder. A hierarchical VAE represents its levels in
*non-centered* coordinates (Papaspiliopoulos et al. 2007): element e of a level is z = mu + sigma * e, where mean
mu and standard deviation sigma of the prior follow from the coarser levels while decoding. In these coordinates
the prior is N(0, I) at every level, the KL divergence is unchanged, and the algebra below is element by element.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils._pytree import tree_leaves

from vaeedit.image.frame import from_floats
from vaeedit.vae.noise import gaussian_field


@dataclass(frozen=True)
class Gaussian:
    """One level: `mean` and log standard deviation `log_scale`, both (B, C, h, w); a point at `mean` if that is None.

    `origin` is the grid position (row, column) of element [0, 0] within the whole image.
    """

    mean: Tensor
    log_scale: Tensor | None = None
    origin: tuple[int, int] = (0, 0)

    @classmethod
    def standard(cls, shape: tuple[int, int, int, int], device: torch.device) -> "Gaussian":
        """N(0, I) of `shape` (B, C, h, w), expanded from one number and so without memory of that size."""
        zero = torch.zeros((), device=device).expand(shape)
        return cls(zero, zero)

    @property
    def std(self) -> Tensor:
        """Standard deviation (B, C, h, w), zero for a point."""
        return torch.zeros_like(self.mean) if self.log_scale is None else self.log_scale.exp()

    def at(self, mean: Tensor) -> "Gaussian":
        """The point `mean` (B, C, h, w) on this level's grid."""
        return replace(self, mean=mean, log_scale=None)

    def sample(self, seed: int, stream: int, temperature: float = 1.0) -> "Gaussian":
        """One sample, a point, whose noise is multiplied by `temperature`.

        The noise at a grid position depends on `seed`, `stream` and that position only (`gaussian_field`).
        """
        if self.log_scale is None or temperature == 0:
            return self.at(self.mean)
        _, channels, height, width = self.mean.shape
        noise = gaussian_field(seed, stream, (channels, height, width), self.origin, self.mean.device)
        return self.at(self.mean + temperature * self.std * noise)

    def image(self, index: int) -> "Gaussian":
        """The distribution (1, C, h, w) of one image of the batch."""
        log_scale = None if self.log_scale is None else self.log_scale[index : index + 1]
        return replace(self, mean=self.mean[index : index + 1], log_scale=log_scale)

    def kl(self, other: "Gaussian") -> Tensor:
        """KL(self || other) in nats, element by element (B, C, h, w); raises ValueError for a point."""
        if self.log_scale is None or other.log_scale is None:
            raise ValueError("KL divergence needs two distributions; a point has none")
        ratio = torch.exp(2 * (self.log_scale - other.log_scale))
        offset = ((self.mean - other.mean) / other.std) ** 2
        return other.log_scale - self.log_scale + 0.5 * (ratio + offset - 1)


@dataclass(frozen=True, repr=False)
class Latents:
    """Levels, coarse to fine, and the decoder's `context`, for example features of the observation of a conditional VAE."""

    levels: tuple[Gaussian, ...]
    """One or more, coarse to fine."""
    context: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        shapes = ", ".join("x".join(map(str, level.mean.shape)) for level in self.levels)
        context = f"; context: {', '.join(self.context)}" if self.context else ""
        return f"<Latents of {shapes}{context}>"

    def _repr_html_(self) -> str:
        """Mean and spread of every level, as a notebook displays them."""
        from vaeedit.vae.display import html_of

        return html_of(self)

    def mean(self) -> "Latents":
        """The point at the mean of every level."""
        return replace(self, levels=tuple(level.at(level.mean) for level in self.levels))

    def sample(self, seed: int, temperature: float = 1.0) -> "Latents":
        """One sample of every level; standard deviations are multiplied by `temperature`."""
        drawn = [level.sample(seed, stream, temperature) for stream, level in enumerate(self.levels)]
        return replace(self, levels=tuple(drawn))

    def sample_each(self, seeds: Sequence[int], temperature: float = 1.0) -> "Latents":
        """One sample for each of B images, by B seeds: image n is that of `sample` with the n-th seed."""
        levels = []
        for stream, level in enumerate(self.levels):
            drawn = [level.image(n).sample(seed, stream, temperature).mean for n, seed in enumerate(seeds)]
            levels.append(level.at(torch.cat(drawn)))
        return replace(self, levels=tuple(levels))

    def lerp(self, other: "Latents", weight: float) -> "Latents":
        """Points on the straight line between the means; weight 0 is self, 1 is other."""
        pairs = zip(self.levels, other.levels, strict=True)
        return replace(self, levels=tuple(a.at(torch.lerp(a.mean, b.mean, weight)) for a, b in pairs))

    def kl(self, other: "Latents") -> tuple[Tensor, ...]:
        """KL(self || other) in nats, one map (B, C, h, w) for each level; raises ValueError for a point."""
        return tuple(a.kl(b) for a, b in zip(self.levels, other.levels, strict=True))

    def placed(self, row: int, column: int, height: int) -> "Latents":
        """The same latents for a tile whose first pixel is (row, column) and whose height is `height` pixels."""
        levels = []
        for level in self.levels:
            stride = height // level.mean.shape[2]
            levels.append(replace(level, origin=(row // stride, column // stride)))
        return replace(self, levels=tuple(levels))

    def is_prior_mean(self) -> bool:
        """Whether every level is a point at zero: in non-centered coordinates, the mean of the prior."""
        return all(level.log_scale is None and not level.mean.any() for level in self.levels)

    def tensors(self) -> Iterator[Tensor]:
        """All tensors of the levels and of the context."""
        parts = [part for level in self.levels for part in (level.mean, level.log_scale)]
        for part in (*parts, *tree_leaves(dict(self.context))):
            if isinstance(part, Tensor):
                yield part


@dataclass(frozen=True)
class Decoded:
    """Output of a decoder: `mean` (B, C, H, W) in [0, 1] and, if requested and predicted, the standard deviation `std`."""

    mean: Tensor
    std: Tensor | None = None

    def pixels(self) -> NDArray[np.uint8]:
        """The mean as images (B, H, W, C) of 8 bits, for display: NaN, as of a training that diverges, is black."""
        return from_floats(
            self.mean.float().nan_to_num().permute(0, 2, 3, 1).cpu().numpy(), np.dtype(np.uint8)
        )


def product_of_experts(levels: Sequence[Gaussian], weights: Tensor) -> Gaussian:
    """Weighted product of experts prod_k q_k^w_k of one level (1, C, h, w) of K latents, a level of the same shape.

    Precisions add, and means are averaged by precision (Hinton 2002; Wu & Goodman 2018 for VAEs). `weights` (K, 1, h, w)
    are non-negative and nowhere all zero; a point counts as a distribution with a standard deviation of 1e-4.
    """
    precisions = weights * torch.cat([level.std.float().clamp_min(1e-4) ** -2 for level in levels])
    total = precisions.sum(0, keepdim=True)
    mean = (precisions * torch.cat([level.mean.float() for level in levels])).sum(0, keepdim=True) / total
    first = levels[0].mean
    return replace(levels[0], mean=mean.to(first), log_scale=(-0.5 * total.log()).to(first))


def all_finite(values: Tensor) -> bool:
    """Whether no value is infinite or NaN.

    If their sum is finite, all of them are; the sum is faster to compute, but may overflow.
    """
    return bool(values.sum().isfinite()) or bool(values.isfinite().all())
