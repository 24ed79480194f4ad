"""Directions in latent space: learned from an edit of the picture, from its principal components, or from examples."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor

from vaeedit.api import Frame, Gaussian, Grid, Latents, OptionError, Principal, principal_of_areas
from vaeedit_photo.moments import Moments
from vaeedit_photo.named import edited

RIDGE = 1e-3
"""Ridge penalty of a regression, as a share of the mean variance."""
MOST = 4.0
"""Largest factor on a standard deviation, for each unit of the amount."""


class Direction(Protocol):
    """Moves every level of the latents of a picture."""

    def references(self, frame: Frame) -> Sequence[Frame]:
        """Pictures from which it learns, beside the picture itself."""

    def see(self, index: int, latents: Latents) -> None:
        """Learn from a tile of the picture (index 0) or of a reference (1, 2, ...)."""

    def moved(self, rank: int, z: Tensor, amount: float) -> Tensor:
        """Means z (1, C, h, w) of a level, moved; rank 0 is the coarsest. Both are float64 on the CPU."""

    def notes(self) -> dict[str, Any]:
        """Figures for the report."""


class Named:
    """The effect of an edit of the pixels on latents, as one affine map for all places: ridge regression of z' - z on z."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.waiting: dict[tuple[int, tuple[int, int]], Tensor] = {}
        self.sums: dict[int, list[Tensor]] = {}
        self.maps: dict[int, Tensor] = {}

    def references(self, frame: Frame) -> Sequence[Frame]:
        """The picture after the edit of its pixels."""
        return [edited(frame, self.name)]

    def see(self, index: int, latents: Latents) -> None:
        """Sum products over the grid; tiles of the picture are kept until the same tile of the edited picture arrives."""
        for rank, level in enumerate(latents.levels):
            if index == 0:
                self.waiting[rank, level.origin] = level.mean.cpu()
                continue
            z = self.waiting.pop((rank, level.origin)).double()
            change = (level.mean.cpu().double() - z)[0].flatten(1)
            points = _with_one(z[0].flatten(1))
            products = [points @ points.T, points @ change.T, change.square().sum()]
            before = self.sums.get(rank, [torch.zeros_like(product) for product in products])
            self.sums[rank] = [a + b for a, b in zip(before, products, strict=True)]

    def _map(self, rank: int) -> Tensor:
        """The affine map (C + 1, C) of points with a one as last coordinate."""
        if rank not in self.maps:
            gram, products, _ = self.sums[rank]
            penalty = torch.full_like(gram.diagonal(), RIDGE * float(gram.diagonal()[:-1].mean()) + 1e-12)
            penalty[-1] = 1e-12  # a shift is not penalized
            self.maps[rank] = torch.linalg.solve(gram + penalty.diag(), products)
        return self.maps[rank]

    def moved(self, rank: int, z: Tensor, amount: float) -> Tensor:
        """The level plus `amount` times the mapped change, see `Direction`."""
        change = self._map(rank).T @ _with_one(z[0].flatten(1))
        return z + amount * change.view_as(z)

    def notes(self) -> dict[str, Any]:
        """The name, and the share of the change of latents that the map explains."""
        left = total = 0.0
        for rank, (gram, products, squares) in self.sums.items():
            solution = self._map(rank)
            explained = 2 * (solution * products).sum() - (solution * (gram @ solution)).sum()
            left, total = left + float(squares - explained), total + float(squares)
        return {"direction": self.name, "explained": round(1 - left / total, 4) if total else 1.0}


class Component:
    """A principal component of the means of areas of the picture, at the coarsest level (`principal_of_areas`)."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.grid = Grid()

    def references(self, frame: Frame) -> Sequence[Frame]:
        """Nothing: the picture is enough."""
        return ()

    def see(self, index: int, latents: Latents) -> None:
        """Collect the tile; raises OptionError if the latents have fewer channels than the number of the component."""
        level = latents.levels[0]
        channels = level.mean.shape[1]
        if self.number > channels:
            raise OptionError(
                f"along must be at most {channels}, the channels of the coarsest latents, not {self.number}."
            )
        self.grid.add(level, level.mean.cpu())

    @cached_property
    def _principal(self) -> Principal:
        return principal_of_areas([self.grid.whole()])

    def moved(self, rank: int, z: Tensor, amount: float) -> Tensor:
        """The coarsest level (1, C, h, w) plus `amount` standard deviations of the component; finer levels do not change."""
        if rank > 0:
            return z
        found, index = self._principal, self.number - 1
        return z + amount * (found.deviations[index] * found.vectors[index])

    def notes(self) -> dict[str, Any]:
        """The number, and the component's share of the areas' variance."""
        share = float(self._principal.shares[self.number - 1])
        return {"direction": f"component {self.number}", "variance_share": round(share, 4)}


class Examples:
    """The difference between two groups of pictures in the mean of every channel and the standard deviation of every level.

    All channels of a level share one standard deviation: separate gains would make the grid visible.
    """

    def __init__(self, toward: Sequence[Frame], away: Sequence[Frame]) -> None:
        self.toward, self.away = toward, away
        self.moments: dict[tuple[int, int], Moments] = {}

    def references(self, frame: Frame) -> Sequence[Frame]:
        """All examples."""
        return [*self.toward, *self.away]

    def see(self, index: int, latents: Latents) -> None:
        """Sum first and second moments of each picture."""
        for rank, level in enumerate(latents.levels):
            self.moments.setdefault((index, rank), Moments()).add(level.mean)

    def _statistics(self, indices: Sequence[int], rank: int) -> tuple[Tensor, Tensor]:
        """Mean (C,) and standard deviation within pictures, a number; every picture has the same weight."""
        group = [self.moments[index, rank] for index in indices]
        variance = torch.stack([moments.variance for moments in group]).mean()
        return torch.stack([moments.mean for moments in group]).mean(0), variance.sqrt()

    def moved(self, rank: int, z: Tensor, amount: float) -> Tensor:
        """The level (1, C, h, w), mean and deviation changed; amount 1 goes the full way from one group to the other."""
        count = len(self.toward)
        goal, wide = self._statistics(range(1, 1 + count), rank)
        start, narrow = self._statistics(range(1 + count, 1 + count + len(self.away)) or [0], rank)
        own = self.moments[0, rank].mean[:, None, None]
        gain = ((wide + 1e-6) / (narrow + 1e-6)).clamp(1 / MOST, MOST) ** amount
        return own + gain * (z - own) + amount * (goal - start)[:, None, None]

    def notes(self) -> dict[str, Any]:
        """The numbers of examples."""
        return {"direction": "examples", "toward": len(self.toward), "away": len(self.away)}


def moved(direction: Direction, rank: int, level: Gaussian, amount: float) -> Gaussian:
    """A level (1, C, h, w) with its mean moved along a direction; the posterior's deviation stays, for a following `vary`."""
    return replace(level, mean=direction.moved(rank, level.mean.cpu().double(), amount).to(level.mean))


def _with_one(values: Tensor) -> Tensor:
    """(C, N) -> (C + 1, N), the last row ones."""
    return torch.cat([values, values.new_ones(1, values.shape[1])])
