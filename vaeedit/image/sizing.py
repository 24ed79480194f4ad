"""Values of pictures at another size, and masks at the size of the picture they belong to."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vaeedit.image.frame import Frame
from vaeedit.image.luma import luma


def resized(values: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Values (h, w, C) as (height, width, C): averages of areas where that is smaller, cubic where it is larger."""
    if values.shape[:2] == (height, width):
        return values
    smaller = height * width < values.shape[0] * values.shape[1]
    way = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(values, (width, height), interpolation=way), np.float32).reshape(
        height, width, -1
    )


def mask_of(frame: Frame, height: int, width: int) -> NDArray[np.float32]:
    """A picture as a mask (height, width) from 0, black, to 1, white."""
    return resized(luma(frame.floats())[..., None], height, width)[..., 0].clip(0, 1)
