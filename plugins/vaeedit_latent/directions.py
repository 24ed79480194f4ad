"""Directions in latent space: from pairs of a picture and its edit, from its principal components, from examples."""

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from vaeedit.api import Frame, Gaussian, Latents, OptionError
from vaeedit_latent.moments import Moments
from vaeedit_latent.named import edited

RIDGE = 1e-3
"""Of the mean variance: what a regression may not explain by."""
MOST = 4.0
"""By how much examples may change a deviation for each unit of the amount."""


class Direction(Protocol):
    """A way to move every level of the latents of a picture."""

    def references(self, frame: Frame) -> Sequence[Frame]:
        """Pictures to see beside it."""

    def see(self, index: int, latents: Latents) -> None:
        """A tile of the picture (0) or of a reference (1, 2, ...)."""

    def moved(self, rank: int, z: Tensor, amount: float) -> Tensor:
        """A level (1, C, h, w), in double precision, gone so far."""

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
                self.waiting[rank, level.origin] = level.mean
                continue
            z = self.waiting.pop((rank, level.origin))
            change = (level.mean - z)[0].double().flatten(1)
            points = _with_one(z[0].double().flatten(1))
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
    """A principal component of the coarsest level over the picture: its part of every place is scaled."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.count = 0
        self.sums: Tensor | float = 0.0
        self.products: Tensor | float = 0.0

    def references(self, frame: Frame) -> Sequence[Frame]:
        """None."""
        return ()

    def see(self, index: int, latents: Latents) -> None:
        """First and second moments; raises OptionError where there is no such component."""
        values = latents.levels[0].mean[0].double().flatten(1)
        if self.number > len(values):
            raise OptionError(
                f"along must be from 1 to {len(values)}, the channels of the coarsest latents, not {self.number}."
            )
        self.count += values.shape[1]
        self.sums = self.sums + values.sum(1)
        self.products = self.products + values @ values.T

    def _found(self) -> tuple[Tensor, Tensor, Tensor]:
        """Mean (C,), variances in ascending order (C,), and the component (C,)."""
        mean = torch.as_tensor(self.sums) / self.count
        covariance = torch.as_tensor(self.products) / self.count - torch.outer(mean, mean)
        variances, vectors = torch.linalg.eigh(covariance)
        return mean, variances, vectors[:, -self.number]

    def moved(self, rank: int, z: Tensor, amount: float) -> Tensor:
        """1 doubles what the component explains, -1 removes it; finer levels stay."""
        if rank > 0:
            return z
        mean, _, vector = self._found()
        part = torch.einsum("c,bchw->bhw", vector, z - mean[:, None, None])
        return z + amount * vector[:, None, None] * part[:, None]

    def notes(self) -> dict[str, Any]:
        """Its share of the variance of the coarsest level."""
        _, variances, _ = self._found()
        share = variances[-self.number] / variances.sum().clamp_min(1e-12)
        return {"direction": f"component {self.number}", "variance_share": round(float(share), 4)}


class Examples:
    """The difference between two groups of pictures: mean and deviation of every channel of every level."""

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
        """Mean and deviation within pictures, (C,); every picture counts alike."""
        found = [self.moments[index, rank] for index in indices]
        variance = torch.stack([each.variance for each in found]).mean(0)
        return torch.stack([each.mean for each in found]).mean(0), variance.sqrt()

    def moved(self, rank: int, z: Tensor, amount: float) -> Tensor:
        """Means add, deviations multiply: 1 goes all the way from the one group to the other."""
        count = len(self.toward)
        goal, wide = self._statistics(range(1, 1 + count), rank)
        start, narrow = self._statistics(range(1 + count, 1 + count + len(self.away)) or [0], rank)
        own = self.moments[0, rank].mean[:, None, None]
        gain = ((wide + 1e-6) / (narrow + 1e-6)).clamp(1 / MOST, MOST) ** amount
        return own + gain[:, None, None] * (z - own) + amount * (goal - start)[:, None, None]

    def notes(self) -> dict[str, Any]:
        """How many examples there were."""
        return {"direction": "examples", "toward": len(self.toward), "away": len(self.away)}


def moved(direction: Direction, rank: int, level: Gaussian, amount: float) -> Gaussian:
    """A level as a point, gone along a direction."""
    return level.at(direction.moved(rank, level.mean.double(), amount).to(level.mean.dtype))


def _with_one(values: Tensor) -> Tensor:
    """(C, N) -> (C + 1, N), the last row ones."""
    return torch.cat([values, values.new_ones(1, values.shape[1])])
