"""Squares and grids in an edited picture: a pattern with the period of the coarsest latents that the original has not."""

import math

import numpy as np
from numpy.typing import NDArray

from vaeedit.api import Frame, luma

PART = 1024
"""Side in pixels of the part in the middle that is measured."""
LEAST = 128
"""Side in pixels below which a picture has too few squares to tell a pattern from its content."""
EDGES = 1.5
"""Gradients at the most raised place of the period, over their median: more is seen as squares.

Of 87 edits of five photographs, 18 directions and amounts, those that look whole at 2:1 had at most 1.30 (sharpness -0.5);
sharpness from -1 on had 1.6 to 2.5.
"""
GRID = 2.0
"""Deviation in gray levels of 255 of what an edit repeats in all squares.

Of the same edits, the third component by the amount 2, which shows, had 2.6 to 5.4;
named directions without squares at most 1.1.
"""
CHANCE = 3.0
"""It must also be this many times above what the change would average to by chance."""


def shows_squares(edited: Frame, original: Frame, period: int) -> bool:
    """Whether the edit adds a visible pattern of this period in pixels, which begins at the corner of the picture."""
    if period < 2 or edited.pixels.shape[:2] != original.pixels.shape[:2]:
        return False
    if min(edited.width, edited.height) < LEAST:
        return False
    after, before = (_part(frame, period) for frame in (edited, original))
    raised = max(_raised(after, before, period), _raised(after.T, before.T, period))
    return raised > EDGES or _repeats(after - before, period)


def _part(frame: Frame, period: int) -> NDArray[np.float32]:
    """Luma (H, W) from 0 to 255 of whole squares in the middle."""
    rows, columns = (
        np.arange(
            start := (max(side - PART, 0) // 2) // period * period, start + min(side, PART) // period * period
        )
        for side in (frame.height, frame.width)
    )
    return 255 * luma(frame.floats(rows, columns))


def _raised(after: NDArray[np.float32], before: NDArray[np.float32], period: int) -> float:
    """Largest ratio of mean gradients over rows (H, W) after and before the edit, by place in the period, over the median."""
    means = [np.abs(np.diff(x, axis=0)).mean(1) + np.float32(0.1) for x in (after, before)]
    by_place = [np.array([mean[place::period].mean() for place in range(period)]) for mean in means]
    ratio = by_place[0] / by_place[1]
    return float(ratio.max() / np.median(ratio))


def _repeats(change: NDArray[np.float32], period: int) -> bool:
    """Whether the mean of all squares of a change (H, W), each less its own mean, is a pattern."""
    down, across = (side // period for side in change.shape)
    squares = change.reshape(down, period, across, period)
    squares = squares - squares.mean((1, 3), keepdims=True)
    chance = float(squares.std()) / math.sqrt(down * across)
    repeated = float(squares.mean((0, 2)).std())
    return repeated > max(GRID, CHANCE * chance)
