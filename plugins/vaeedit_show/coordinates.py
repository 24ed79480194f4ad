"""Coordinates of the latents: one number that N(0, 1) is the prior of, by which an image is varied.

A coordinate is one latent at one place of its level's grid or, without a place, the whole channel: the projection of the
channel onto the constant unit vector, sqrt(n) times its mean over n places. Both are N(0, 1) under a prior N(0, I). A plain
VAE has one place, so that its channels are its latents.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product

import torch
from torch import Tensor

from vaeedit.api import Latents, UsageError


@dataclass(frozen=True)
class Coordinate:
    """A channel of a level (0 is the coarsest), or one place (row, column) of it."""

    level: int
    channel: int
    place: tuple[int, int] | None = None

    def of(self, latents: Latents) -> Tensor:
        """The values (B,) of the coordinate at the means of latents."""
        channel: Tensor = latents.levels[self.level].mean[:, self.channel]
        if self.place is not None:
            row, column = self.place
            return channel[:, row, column]
        values: Tensor = channel.flatten(1).sum(1) / channel[0].numel() ** 0.5
        return values

    def at(self, latents: Latents, value: float) -> Latents:
        """The point with this value of the coordinate, and nothing else changed."""
        level = latents.levels[self.level]
        mean = level.mean.clone()
        channel = mean[:, self.channel]
        change = value - self.of(latents)
        if self.place is not None:
            channel[:, *self.place] += change
        else:
            channel += (change / channel[0].numel() ** 0.5)[:, None, None]
        levels = [level.at(mean) if rank == self.level else one for rank, one in enumerate(latents.levels)]
        return replace(latents, levels=tuple(levels))

    def name(self, levels: int) -> str:
        """Its name in pictures of a VAE of so many levels."""
        if levels == 1 and self.place is None:
            return f"latent {self.channel}"
        place = "" if self.place is None else f", row {self.place[0]}, column {self.place[1]}"
        return f"level {self.level + 1}, channel {self.channel}{place}"


def parse(text: str, latents: Latents) -> Coordinate:
    """Read CHANNEL of a VAE with one level, LEVEL.CHANNEL, or LEVEL.CHANNEL.ROW.COLUMN; levels begin at 1, coarse to fine.

    Raises UsageError for what is none, and for one that these latents do not have.
    """
    parts = text.strip().split(".")
    shapes = [tuple(level.mean.shape[1:]) for level in latents.levels]
    if len(parts) in (1, 2, 4) and all(part.isdecimal() for part in parts):
        level, channel, *place = map(int, parts if len(parts) > 1 else ["1", *parts])
        known = 1 <= level <= len(shapes) and (len(shapes) == 1 or len(parts) > 1)
        if known and all(
            number < most for number, most in zip((channel, *place), shapes[level - 1], strict=False)
        ):
            return Coordinate(level - 1, channel, (place[0], place[1]) if place else None)
    if len(shapes) == 1 and shapes[0][1:] == (1, 1):
        raise UsageError(
            f"There is no latent {text.strip()}; this VAE has those from 0 to {shapes[0][0] - 1}."
        )
    has = "; ".join(
        f"level {rank}: {channels} channels of {height} rows and {width} columns"
        for rank, (channels, height, width) in enumerate(shapes, 1)
    )
    raise UsageError(
        f"There is no latent {text.strip()}; write LEVEL.CHANNEL or LEVEL.CHANNEL.ROW.COLUMN. Channels, rows and columns "
        f"begin at 0, and this VAE has {has}."
    )


def most_active(codes: Iterable[Latents], count: int) -> list[Coordinate]:
    """The `count` latents whose values vary most over the posterior means of images; most active first.

    Of a grid they are single places: a whole channel hardly changes an image where places say different things.
    """
    levels = zip(*(code.levels for code in codes), strict=True)
    variances = [torch.cat([one.mean for one in level]).float().var(0) for level in levels]
    ranked = sorted(
        (-float(variance[index]), rank, index)
        for rank, variance in enumerate(variances)
        for index in product(*map(range, variance.shape))
    )
    alone = [variance.shape[1:] == (1, 1) for variance in variances]
    return [
        Coordinate(rank, channel, None if alone[rank] else (row, column))
        for _, rank, (channel, row, column) in ranked[:count]
    ]
