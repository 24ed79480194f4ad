"""Means and variances of latents over the grid, summed over tiles in double precision on the CPU."""

from dataclasses import dataclass

import torch
from torch import Tensor

from vaeedit.api import Grid, Latents


@dataclass
class Moments:
    """Sums of values and of their squares, (C,) each."""

    count: int = 0
    sums: Tensor | float = 0.0
    squares: Tensor | float = 0.0

    def add(self, z: Tensor) -> None:
        """Add a tile (1, C, h, w)."""
        values = z[0].cpu().double().flatten(1)
        self.count += values.shape[1]
        self.sums = self.sums + values.sum(1)
        self.squares = self.squares + values.square().sum(1)

    @property
    def mean(self) -> Tensor:
        """Mean of each channel, (C,)."""
        return torch.as_tensor(self.sums) / self.count

    @property
    def variance(self) -> Tensor:
        """Variance of each channel, (C,)."""
        return (torch.as_tensor(self.squares) / self.count - self.mean.square()).clamp_min(0)


class JointMoments:
    """Means, variances and covariance of two pictures, by level."""

    def __init__(self) -> None:
        self.grids: dict[tuple[int, int], Grid] = {}
        self.known: dict[int, tuple[Tensor, Tensor, Tensor]] = {}

    def add(self, index: int, latents: Latents) -> None:
        """Add a tile of picture `index`, 0 or 1."""
        for rank, level in enumerate(latents.levels):
            self.grids.setdefault((index, rank), Grid()).add(level, level.mean.cpu())

    def of(self, rank: int) -> tuple[Tensor, Tensor, Tensor]:
        """Means and variances (2, C) of both pictures at a level, and their covariance (C,), float64."""
        if rank not in self.known:
            both = torch.cat([self.grids.pop((index, rank)).whole() for index in (0, 1)]).double().flatten(2)
            means = both.mean(2)
            both -= means[..., None]
            self.known[rank] = means, both.square().mean(2), both.prod(0).mean(1)
        return self.known[rank]
