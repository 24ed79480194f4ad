"""A contact sheet: frames in rows."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vaeedit.api import Frame

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
    pixels = _laid_out([frame.pixels for frame in frames], columns, first.peak)
    if first.alpha is None:
        return replace(first, pixels=pixels)
    alphas = [frame.alpha[..., None] for frame in frames if frame.alpha is not None]
    return replace(first, pixels=pixels, alpha=_laid_out(alphas, columns, first.peak)[..., 0])


def _laid_out(parts: Sequence[np.ndarray], columns: int, blank: float) -> np.ndarray:
    height, width, channels = parts[0].shape
    rows = math.ceil(len(parts) / columns)
    whole = np.full(
        (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, channels), blank, parts[0].dtype
    )
    for index, part in enumerate(parts):
        top, left = index // columns * (height + GAP), index % columns * (width + GAP)
        whole[top : top + height, left : left + width] = part
    return whole
