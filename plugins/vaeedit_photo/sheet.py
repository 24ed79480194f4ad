"""A contact sheet: frames in rows."""

import math
from collections.abc import Sequence
from dataclasses import replace

from vaeedit.api import Frame, laid_out

GAP = 8
"""White pixels between frames."""
ASPECT = 1.6
"""Preferred width of a sheet divided by its height."""


def columns_of(count: int, height: int, width: int) -> int:
    """Number of frames in a row for an aspect near `ASPECT`: no row is empty, and the last is as full as possible."""

    def distance(columns: int) -> float:
        """Distance from the preferred aspect."""
        return abs(math.log(columns * width / (math.ceil(count / columns) * height * ASPECT)))

    rows = math.ceil(count / min(range(1, count + 1), key=distance))
    return math.ceil(count / rows)


def sheet(frames: Sequence[Frame]) -> Frame:
    """All frames, of one size and kind, in one frame with the metadata of the first."""
    first = frames[0]
    columns = columns_of(len(frames), first.height, first.width)
    pixels = laid_out([frame.pixels for frame in frames], columns, GAP, first.peak)
    if first.alpha is None:
        return replace(first, pixels=pixels)
    alphas = [frame.alpha[..., None] for frame in frames if frame.alpha is not None]
    return replace(first, pixels=pixels, alpha=laid_out(alphas, columns, GAP, first.peak)[..., 0])
