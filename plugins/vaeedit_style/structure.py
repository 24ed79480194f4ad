"""Splits a picture into structure, which has the large edges, and detail: strokes, lines, grain, weave."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

ROUNDS = 4
"""Passes of the rolling guidance."""
FAINT = 1e-3
"""Variance of a window, of values in [0, 1], below which it counts as flat."""
TINY = 1e-6
Image = NDArray[np.float32]


def structure(image: Image, width: float) -> Image:
    """An image (H, W, C) without what is smaller than about `width` pixels, however strong it is; larger edges stay sharp.

    Rolling guidance (Zhang, Shen, Xu & Jia 2014) with the guided filter (He, Sun & Tang 2013) in each channel. The rest has
    no overshoot beside edges, which a blur leaves there, so it can be moved to another place.
    """
    return np.dstack([_rolled(np.ascontiguousarray(image[..., k]), width) for k in range(image.shape[2])])


def _rolled(plane: Image, width: float) -> Image:
    smooth = np.asarray(cv2.GaussianBlur(plane, (0, 0), width), np.float32)
    mean = _window(plane, width)
    for _ in range(ROUNDS):
        around = _window(smooth, width)
        together = _window(smooth * plane, width) - around * mean
        slope = together / (_window(smooth * smooth, width) - around * around + FAINT)
        smooth = _window(slope, width) * smooth + _window(mean - slope * around, width)
    return smooth


def activity(detail: Image, width: float, quiet: bool = False) -> Image:
    """Root of the local mean square (H, W, 1) of a detail (H, W, C).

    With `quiet`, the quietest of all windows around a place counts: beside a ridge the sky is as quiet as elsewhere.
    """
    power: NDArray[Any] = _window(np.square(detail).mean(2), width)
    if quiet:
        around = np.ones((_side(width),) * 2, np.uint8)
        power = cv2.erode(power, around, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(np.sqrt(power.clip(0)), np.float32)[..., None]


def gain(wanted: Image, have: Image) -> Image:
    """Factors in [0, 1] that bring an activity `have` down to `wanted`."""
    factors: Image = np.clip((wanted + TINY) / (have + TINY), 0, 1)
    return factors


def _window(plane: NDArray[Any], width: float) -> Image:
    mean = cv2.blur(plane, (_side(width),) * 2, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(mean, np.float32)


def _side(width: float) -> int:
    return 2 * max(1, round(1.5 * width)) + 1
