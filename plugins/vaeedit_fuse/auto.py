"""Chooses the mode by the pictures."""

from collections.abc import Sequence

from vaeedit.api import Frame, luma
from vaeedit_fuse.metrics import correlation

ALIKE = 0.8
"""Correlation of luma below which a gray second picture counts as infrared."""
BRIGHTNESS = 0.05
"""Difference of mean luma above which pictures count as an exposure series."""


def suited(pictures: Sequence[Frame]) -> str:
    """infrared for a gray second picture that differs from the first, exposure for different brightness, else focus."""
    grays = [luma(frame.floats()) for frame in pictures]
    if len(pictures) == 2 and _is_gray(pictures[1]) and correlation(*grays) < ALIKE:
        return "infrared"
    means = [float(gray.mean()) for gray in grays]
    return "exposure" if max(means) - min(means) > BRIGHTNESS else "focus"


def _is_gray(frame: Frame) -> bool:
    """Whether its channels are equal, except for the noise of compression."""
    values = frame.floats()
    return float((values.max(2) - values.min(2)).mean()) < 0.01
