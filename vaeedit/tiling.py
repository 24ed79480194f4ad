"""Tiles with a halo: pure functions on sizes and indices.

The image is padded by reflection, below and to the right, until its sides are multiples of what the VAE needs.
A tile is decoded with a halo of the receptive field around it, cut at the borders of the padded image, so that
every pixel it keeps has the value that decoding the whole image gives.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SMALLEST = 64
"""Side in pixels of the smallest tile that `best_sides` chooses."""
MOST = 64
"""Most tiles along an axis that `best_sides` considers."""


@dataclass(frozen=True)
class Span:
    """Along one axis: the kept pixels [start, stop) and the pixels seen, [outer_start, outer_stop)."""

    start: int
    stop: int
    outer_start: int
    outer_stop: int

    @property
    def kept(self) -> slice:
        """The kept pixels within the pixels seen."""
        return slice(self.start - self.outer_start, self.stop - self.outer_start)

    @property
    def target(self) -> slice:
        """The kept pixels within the image."""
        return slice(self.start, self.stop)


@dataclass(frozen=True)
class Tile:
    """A rectangle: rows and columns."""

    rows: Span
    columns: Span


def spans(size: int, tile: int, halo: int, multiple: int) -> list[Span]:
    """Cover an axis of `size` pixels by tiles of `tile` pixels; the pixels seen begin and end at multiples of `multiple`."""
    step = round_up(max(tile, 1), multiple)
    padded, margin = round_up(size, multiple), round_up(halo, multiple)
    return [
        Span(
            start,
            min(start + step, size),
            max(0, start - margin),
            min(padded, start + step + margin),
        )
        for start in range(0, size, step)
    ]


def tiles(height: int, width: int, sides: tuple[int, int], halo: int, multiple: int) -> Iterator[Tile]:
    """All tiles of an image, row by row; `sides` are the height and width of one."""
    columns = spans(width, sides[1], halo, multiple)
    for rows in spans(height, sides[0], halo, multiple):
        for column in columns:
            yield Tile(rows, column)


def best_sides(height: int, width: int, halo: int, area: int) -> tuple[int, int]:
    """Height and width of tiles that see at most `area` pixels each and together the fewest.

    Strips from border to border need a halo on two sides only. Where even the smallest tile sees more than `area`, it is
    chosen.
    """

    def seen(sides: tuple[int, int]) -> tuple[int, int]:
        """The most pixels that one tile sees, and the sum over all tiles."""
        counts = (-(-height // sides[0]), -(-width // sides[1]))
        most = [
            min(size, side + min(count - 1, 2) * halo)
            for size, side, count in zip((height, width), sides, counts, strict=True)
        ]
        total = [size + 2 * (count - 1) * halo for size, count in zip((height, width), counts, strict=True)]
        return most[0] * most[1], total[0] * total[1]

    def cuts(size: int) -> list[int]:
        return sorted({-(-size // count) for count in range(1, max(1, min(size // SMALLEST, MOST)) + 1)})

    choices = [(row, column) for row in cuts(height) for column in cuts(width)]
    fitting = [sides for sides in choices if seen(sides)[0] <= area]
    if not fitting:
        return min(choices, key=seen)
    return min(fitting, key=lambda sides: (seen(sides)[1], -sides[0] * sides[1]))


def reflected(span: Span, size: int) -> NDArray[np.intp]:
    """Indices (n,) into an axis of `size` pixels for the n pixels that a span sees; those past the end are reflected."""
    beyond = max(0, span.outer_stop - size)
    inside = np.arange(size)
    padded = np.pad(inside, (0, beyond), mode="reflect") if beyond else inside
    return padded[span.outer_start : span.outer_stop]


def round_up(value: int, multiple: int) -> int:
    """The smallest multiple of `multiple` that is at least `value`."""
    return -(-value // multiple) * multiple
