"""Which mode pictures call for."""

from collections.abc import Sequence

from vaeedit.api import Frame, luma
from vaeedit_fuse.metrics import correlation

ALIKE = 0.8
"""Correlation of luma from which two gray pictures are taken for shots of one camera."""
BRIGHTNESS = 0.05
"""Difference of mean luma from which pictures are an exposure series."""


def suited(pictures: Sequence[Frame]) -> str:
    """infrared for a gray second picture unlike the first, exposure for different brightness, else focus."""
    grays = [luma(frame.floats()) for frame in pictures]
    if len(pictures) == 2 and _is_gray(pictures[1]) and correlation(*grays) < ALIKE:
        return "infrared"
    means = [float(gray.mean()) for gray in grays]
    return "exposure" if max(means) - min(means) > BRIGHTNESS else "focus"


def _is_gray(frame: Frame) -> bool:
    """Whether its channels agree, but for the noise of compression."""
    values = frame.floats()
    return float((values.max(2) - values.min(2)).mean()) < 0.01
