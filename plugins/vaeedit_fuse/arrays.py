"""Pictures as arrays of one size: float32 (H, W, 1 or 3) in [0, 1]."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vaeedit.api import Frame, luma, resized

Array = NDArray[np.float32]
Map = NDArray[np.float32]
"""One value per pixel or grid place, (H, W)."""


def resize_like(frame: Frame, to: Frame) -> Frame:
    """A frame with the size, channels and depth of another, without alpha; if these are equal already, its exact pixels."""
    if frame.pixels.dtype == to.pixels.dtype and frame.pixels.shape == to.pixels.shape:
        return Frame(frame.pixels)
    values = frame.floats()
    if values.shape[2] != to.channels:
        values = np.repeat(values, 3, 2) if to.channels == 3 else luma(values)[..., None]
    return Frame(to.with_floats(resized(values, to.height, to.width)).pixels)


def blurred(x: Array, radius: int) -> Array:
    """Mean of (H, W) or (H, W, C) over a square window, mirrored at the border; the shape is kept."""
    size = (2 * radius + 1, 2 * radius + 1)
    return np.asarray(cv2.blur(x, size, borderType=cv2.BORDER_REFLECT), np.float32).reshape(x.shape)
