"""Pictures as arrays of one size: float32 (H, W, 1 or 3) in [0, 1]."""

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Map = NDArray[np.float32]
"""One value per pixel or grid place, (H, W)."""


def blurred(x: Array, radius: int) -> Array:
    """Mean of (H, W) or (H, W, C) over a square window, mirrored at the border; the shape is kept."""
    size = (2 * radius + 1, 2 * radius + 1)
    return np.asarray(cv2.blur(x, size, borderType=cv2.BORDER_REFLECT), np.float32).reshape(x.shape)
