"""Sliced optimal transport: rotations, each followed by one monotone map an axis (Pitie, Kokaram & Dahyot 2007)."""

from collections.abc import Sequence

import torch
from torch import Tensor

LEVELS = 256
"""Quantiles that describe a distribution on a line."""


class Line:
    """The increasing map that carries one sample on a line to the quantiles of another, continued with slope 1.

    A value that the source holds more often than once (black, white) goes to the mean of all that would be its images.
    """

    def __init__(self, source: Tensor, quantiles: Tensor) -> None:
        self.knots, group, counts = torch.unique_consecutive(
            quantiles_of(source), return_inverse=True, return_counts=True
        )
        self.images = torch.zeros_like(self.knots).index_add(0, group, quantiles) / counts

    def __call__(self, values: Tensor) -> Tensor:
        """Values of any shape, moved."""
        right = torch.searchsorted(self.knots, values.contiguous()).clamp(1, max(len(self.knots) - 1, 1))
        left, right = right - 1, right.clamp_max(len(self.knots) - 1)
        width = (self.knots[right] - self.knots[left]).clamp_min(1e-9)
        share = ((values - self.knots[left]) / width).clamp(0, 1)
        inside = torch.lerp(self.images[left], self.images[right], share)
        beyond = (values - self.knots[-1]).clamp_min(0) + (values - self.knots[0]).clamp_max(0)
        moved: Tensor = inside + beyond
        return moved


def quantiles_of(values: Tensor) -> Tensor:
    """Of a sample (N,), at the middles of `LEVELS` equal shares."""
    ordered = values.sort().values
    places = (torch.arange(LEVELS, device=values.device) + 0.5) / LEVELS * (len(ordered) - 1)
    below = places.long().clamp_max(max(len(ordered) - 2, 0))
    return torch.lerp(ordered[below], ordered[(below + 1).clamp_max(len(ordered) - 1)], places - below)


def mixed_quantiles(samples: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    """Quantiles of the barycenter of samples on a line: their weighted mean (Rabin et al. 2011)."""
    return torch.stack(
        [share * quantiles_of(sample) for sample, share in zip(samples, shares, strict=True)]
    ).sum(0)


def rotations(size: int, count: int) -> list[Tensor]:
    """The identity, then rotations drawn at random, always the same."""
    generator = torch.Generator().manual_seed(0)
    drawn = [torch.linalg.qr(torch.randn(size, size, generator=generator))[0] for _ in range(count - 1)]
    return [torch.eye(size), *drawn][:count]


def transported(
    points: Tensor, source: Tensor, targets: Sequence[Tensor], shares: Sequence[float], rounds: int
) -> Tensor:
    """Points (N, D) moved by the chain that carries the sample `source` (M, D) to the barycenter of `targets`.

    A chain learned on a sample moves any other points too, so that they need not be those it was learned on.
    """
    for rotation in rotations(points.shape[1], rounds):
        turned, seen = points @ rotation, source @ rotation
        goals = [target @ rotation for target in targets]
        for axis in range(points.shape[1]):
            line = Line(seen[:, axis], mixed_quantiles([goal[:, axis] for goal in goals], shares))
            turned[:, axis], seen[:, axis] = line(turned[:, axis]), line(seen[:, axis])
        points, source = turned @ rotation.T, seen @ rotation.T
    return points
