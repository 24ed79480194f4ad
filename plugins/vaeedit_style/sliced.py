"""Sliced optimal transport: rotations, each followed by a monotone map of every axis (Pitie, Kokaram & Dahyot 2007)."""

from collections.abc import Sequence

import torch
from torch import Tensor

LEVELS = 256
"""Number of quantiles that describe a one-dimensional distribution."""


class Line:
    """The increasing map from a sample (N,) to `quantiles` (LEVELS,) of another; outside the sample it has slope 1.

    A value that occurs several times in the source (black, white) is mapped to the mean of its target values.
    """

    def __init__(self, source: Tensor, quantiles: Tensor) -> None:
        self.knots, group, counts = torch.unique_consecutive(
            quantiles_of(source), return_inverse=True, return_counts=True
        )
        self.images = torch.zeros_like(self.knots).index_add(0, group, quantiles) / counts

    def __call__(self, values: Tensor) -> Tensor:
        """Map values of any shape; same shape."""
        right = torch.searchsorted(self.knots, values.contiguous()).clamp(1, max(len(self.knots) - 1, 1))
        left, right = right - 1, right.clamp_max(len(self.knots) - 1)
        width = (self.knots[right] - self.knots[left]).clamp_min(1e-9)
        share = ((values - self.knots[left]) / width).clamp(0, 1)
        inside = torch.lerp(self.images[left], self.images[right], share)
        beyond = (values - self.knots[-1]).clamp_min(0) + (values - self.knots[0]).clamp_max(0)
        moved: Tensor = inside + beyond
        return moved


def quantiles_of(values: Tensor) -> Tensor:
    """Quantiles (LEVELS,) of a sample (N,), at the middles of `LEVELS` equal shares."""
    ordered = values.sort().values
    places = (torch.arange(LEVELS, device=values.device) + 0.5) / LEVELS * (len(ordered) - 1)
    below = places.long().clamp_max(max(len(ordered) - 2, 0))
    return torch.lerp(ordered[below], ordered[(below + 1).clamp_max(len(ordered) - 1)], places - below)


def mixed_quantiles(samples: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    """Quantiles (LEVELS,) of the barycenter of samples (N,): the weighted mean of their quantiles (Rabin et al. 2011)."""
    return torch.stack(
        [share * quantiles_of(sample) for sample, share in zip(samples, shares, strict=True)]
    ).sum(0)


def rotations(size: int, count: int) -> list[Tensor]:
    """`count` rotations (size, size): the identity, then random ones with a fixed seed."""
    generator = torch.Generator().manual_seed(0)
    drawn = [torch.linalg.qr(torch.randn(size, size, generator=generator))[0] for _ in range(count - 1)]
    return [torch.eye(size), *drawn][:count]


def transported(
    points: Tensor, source: Tensor, targets: Sequence[Tensor], shares: Sequence[float], rounds: int
) -> Tensor:
    """Points (N, D) moved by the transport of `source` (M, D) to the barycenter of `targets` (K, D), in `rounds` rotations.

    The maps are fitted to `source` only, so `points` may be other points, such as the nodes of a table.
    """
    for rotation in rotations(points.shape[1], rounds):
        turned, rotated = points @ rotation, source @ rotation
        goals = [target @ rotation for target in targets]
        for axis in range(points.shape[1]):
            line = Line(rotated[:, axis], mixed_quantiles([goal[:, axis] for goal in goals], shares))
            turned[:, axis], rotated[:, axis] = line(turned[:, axis]), line(rotated[:, axis])
        points, source = turned @ rotation.T, rotated @ rotation.T
    return points
