"""Means and variances of latents over the grid, put together from tiles, in double precision on the CPU."""

from dataclasses import dataclass

import torch
from torch import Tensor

from vaeedit.api import Latents


@dataclass
class Moments:
    """Sums of values and of their squares, (C,) each."""

    count: int = 0
    sums: Tensor | float = 0.0
    squares: Tensor | float = 0.0

    def add(self, z: Tensor) -> None:
        """Count in a tile (1, C, h, w)."""
        values = z[0].cpu().double().flatten(1)
        self.count += values.shape[1]
        self.sums = self.sums + values.sum(1)
        self.squares = self.squares + values.square().sum(1)

    @property
    def mean(self) -> Tensor:
        """(C,)."""
        return torch.as_tensor(self.sums) / self.count

    @property
    def variance(self) -> Tensor:
        """(C,), not below zero."""
        return (torch.as_tensor(self.squares) / self.count - self.mean.square()).clamp_min(0)


class JointMoments:
    """Of two pictures that are gathered one after the other, by level; the tiles of the first wait for the second's."""

    def __init__(self) -> None:
        self.single: dict[tuple[int, int], Moments] = {}
        self.products: dict[int, Tensor] = {}
        self.waiting: dict[tuple[int, tuple[int, int]], Tensor] = {}

    def add(self, index: int, latents: Latents) -> None:
        """A tile of picture `index`, 0 or 1."""
        for rank, level in enumerate(latents.levels):
            self.single.setdefault((index, rank), Moments()).add(level.mean)
            if index == 0:
                self.waiting[rank, level.origin] = level.mean.cpu()
                continue
            product = (self.waiting.pop((rank, level.origin)).double() * level.mean.cpu().double()).sum(
                (0, 2, 3)
            )
            self.products[rank] = self.products.get(rank, torch.zeros_like(product)) + product

    def of(self, rank: int) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor], Tensor]:
        """Means, variances and the covariance of the two at a level, (C,) each."""
        a, b = self.single[0, rank], self.single[1, rank]
        covariance = self.products[rank] / a.count - a.mean * b.mean
        return (a.mean, b.mean), (a.variance, b.variance), covariance
