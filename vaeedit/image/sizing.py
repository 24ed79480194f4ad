"""Resizing of values, and pictures and masks made to fit the picture that they belong to."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vaeedit.image.frame import Frame, from_floats, luma


def resized(values: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Values (h, w, C) at the size (height, width, C): averages of areas to shrink, cubic interpolation to enlarge.

    Cubic interpolation may exceed the range of the values.
    """
    if values.shape[:2] == (height, width):
        return values
    smaller = height * width < values.shape[0] * values.shape[1]
    method = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    resized = cv2.resize(values, (width, height), interpolation=method)
    return np.asarray(resized, np.float32).reshape(height, width, -1)


def like(frame: Frame, other: Frame) -> Frame:
    """The pixels of `frame` with the size, channels (1 or 3) and depth of `other`, for operations on several pictures.

    Values are resized as `resized` does and clipped to [0, 1]; RGB becomes luma, gray is repeated. Pixels that fit already
    stay the same to the last bit. Neither alpha, metadata nor conditions are taken over.
    """
    if frame.pixels.dtype == other.pixels.dtype and frame.pixels.shape == other.pixels.shape:
        return Frame(frame.pixels)
    values = frame.floats()
    if frame.channels != other.channels:
        values = np.repeat(values, 3, 2) if other.channels == 3 else luma(values)[..., None]
    return Frame(from_floats(resized(values, other.height, other.width), other.pixels.dtype))


def mask_of(frame: Frame, height: int, width: int) -> NDArray[np.float32]:
    """A picture as a mask (height, width) in [0, 1]: its luma times its alpha, resized; black and transparent are 0."""
    values = luma(frame.floats())
    if frame.alpha is not None:
        values = values * (frame.alpha.astype(np.float32) / np.float32(frame.peak))
    return resized(values[..., None], height, width)[..., 0].clip(0, 1)
