"""Directions in latent space: from pairs of a picture and its edit, from its principal components, from examples."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from vaeedit.api import Frame, Gaussian, Grid, Latents, OptionError
from vaeedit_photo.moments import Moments
from vaeedit_photo.named import edited

RIDGE = 1e-3
"""Of the mean variance: what a regression may not explain by."""
AREA = 8
"""Side of the areas that components are found of, in places of the coarsest grid."""
MOST = 4.0
"""By how much examples may change a deviation for each unit of the amount."""


class Direction(Protocol):
    """A way to move every level of the latents of a picture."""

    def references(self, frame: Frame) -> Sequence[Frame]:
        """Pictures to see beside it."""

    def see(self, index: int, latents: Latents) -> None:
        """A tile of the picture (0) or of a reference (1, 2, ...)."""

    def moved(self, rank: int, z: Tensor, amount: float) -> Tensor:
        """A level (1, C, h, w), in double precision on the CPU, gone so far."""

    def notes(self) -> dict[str, Any]:
        """For the report."""


class Named:
    """What an edit of the pixels does to latents, as one affine map for all places: ridge regression of z' - z on z."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.waiting: dict[tuple[int, tuple[int, int]], Tensor] = {}
        self.sums: dict[int, list[Tensor]] = {}
        self.maps: dict[int, Tensor] = {}

    def references(self, frame: Frame) -> Sequence[Frame]:
        """The edited picture."""
        return [edited(frame, self.name)]

    def see(self, index: int, latents: Latents) -> None:
        """Products over the grid; the picture's tiles wait for those of its edit."""
        for rank, level in enumerate(latents.levels):
            if index == 0:
                self.waiting[rank, level.origin] = level.mean.cpu()
                continue
            z = self.waiting.pop((rank, level.origin)).double()
            change = (level.mean.cpu().double() - z)[0].flatten(1)
            points = _with_one(z[0].flatten(1))
            found = [points @ points.T, points @ change.T, change.square().sum()]
            before = self.sums.get(rank, [torch.zeros_like(each) for each in found])
            self.sums[rank] = [a + b for a, b in zip(before, found, strict=True)]

    def _map(self, rank: int) -> Tensor:
        """(C + 1, C): of a point with a one below it."""
        if rank not in self.maps:
            gram, products, _ = self.sums[rank]
            penalty = torch.full_like(gram.diagonal(), RIDGE * float(gram.diagonal()[:-1].mean()) + 1e-12)
            penalty[-1] = 1e-12  # a shift costs nothing
            self.maps[rank] = torch.linalg.solve(gram + penalty.diag(), products)
        return self.maps[rank]

    def moved(self, rank: int, z: Tensor, amount: float) -> Tensor:
        """Along the map."""
        change = self._map(rank).T @ _with_one(z[0].flatten(1))
        return z + amount * change.view_as(z)

    def notes(self) -> dict[str, Any]:
        """The share of the change of latents that the map explains."""
        left = total = 0.0
        for rank, (gram, products, squares) in self.sums.items():
            solution = self._map(rank)
            explained = 2 * (solution * products).sum() - (solution * (gram @ solution)).sum()
            left, total = left + float(squares - explained), total + float(squares)
        return {"direction": self.name, "explained": round(1 - left / total, 4) if total else 1.0}


class Component:
    """A principal component of what the large areas of a picture differ by, at the coarsest level (GANSpace, 2020).

    Latents are averaged over areas first: a shift is the same everywhere, and what does not outlast the average, such as
    edges, would come out as a pattern of tiles.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.grid = Grid()

    def references(self, frame: Frame) -> Sequence[Frame]:
        """None."""
        return ()

    def see(self, index: int, latents: Latents) -> None:
        """Keep the tile; raises OptionError where there is no such component."""
        level = latents.levels[0]
        channels = level.mean.shape[1]
        if self.number > channels:
            raise OptionError(
                f"along must be at most {channels}, the channels of the coarsest latents, not {self.number}."
            )
        self.grid.add(level, level.mean.cpu())

    @cached_property
    def _found(self) -> tuple[Tensor, Tensor]:
        """Variances (C,) in ascending order, and the component (C,)."""
        whole = self.grid.whole().double()
        area = min(AREA, *whole.shape[2:])
        values = avg_pool2d(whole, area)[0].flatten(1)
        variances, vectors = torch.linalg.eigh(torch.cov(values, correction=0).view(2 * whole.shape[1:2]))
        vector = vectors[:, -self.number]
        return variances.clamp_min(0), vector * vector[vector.abs().argmax()].sign()

    def moved(self, rank: int, z: Tensor, amount: float) -> Tensor:
        """1 is a deviation of the areas; finer levels stay."""
        if rank > 0:
            return z
        variances, vector = self._found
        return z + amount * (variances[-self.number].sqrt() * vector)[:, None, None]

    def notes(self) -> dict[str, Any]:
        """Its share of the areas' variance."""
        variances, _ = self._found
        share = variances[-self.number] / variances.sum().clamp_min(1e-12)
        return {"direction": f"component {self.number}", "variance_share": round(float(share), 4)}


class Examples:
    """The difference between two groups of pictures: the mean of every channel, and the deviation of every level.

    One deviation for all channels of a level: gains of their own would let the grid show.
    """

    def __init__(self, toward: Sequence[Frame], away: Sequence[Frame]) -> None:
        self.toward, self.away = toward, away
        self.moments: dict[tuple[int, int], Moments] = {}

    def references(self, frame: Frame) -> Sequence[Frame]:
        """All examples."""
        return [*self.toward, *self.away]

    def see(self, index: int, latents: Latents) -> None:
        """First and second moments of each picture."""
        for rank, level in enumerate(latents.levels):
            self.moments.setdefault((index, rank), Moments()).add(level.mean)

    def _statistics(self, indices: Sequence[int], rank: int) -> tuple[Tensor, Tensor]:
        """Mean (C,) and deviation within pictures, a number; every picture counts alike."""
        found = [self.moments[index, rank] for index in indices]
        variance = torch.stack([each.variance for each in found]).mean()
        return torch.stack([each.mean for each in found]).mean(0), variance.sqrt()

    def moved(self, rank: int, z: Tensor, amount: float) -> Tensor:
        """Means add, deviations multiply: 1 goes all the way from the one group to the other."""
        count = len(self.toward)
        goal, wide = self._statistics(range(1, 1 + count), rank)
        start, narrow = self._statistics(range(1 + count, 1 + count + len(self.away)) or [0], rank)
        own = self.moments[0, rank].mean[:, None, None]
        gain = ((wide + 1e-6) / (narrow + 1e-6)).clamp(1 / MOST, MOST) ** amount
        return own + gain * (z - own) + amount * (goal - start)[:, None, None]

    def notes(self) -> dict[str, Any]:
        """How many examples there were."""
        return {"direction": "examples", "toward": len(self.toward), "away": len(self.away)}


def moved(direction: Direction, rank: int, level: Gaussian, amount: float) -> Gaussian:
    """A level whose mean has gone along a direction; the spread of its posterior stays, for `vary` after it."""
    return replace(level, mean=direction.moved(rank, level.mean.cpu().double(), amount).to(level.mean))


def _with_one(values: Tensor) -> Tensor:
    """(C, N) -> (C + 1, N), the last row ones."""
    return torch.cat([values, values.new_ones(1, values.shape[1])])
