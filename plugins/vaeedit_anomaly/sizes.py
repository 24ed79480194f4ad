"""From the images' own size to the working size of a model and back, and what a model was not fitted for."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vaeedit.api import Frame, ImageError

MARGIN = 2.0
"""An image of more, or less, than this factor times the pixels of all normal images is refused."""


def prepared(frame: Frame, channels: int, scale: float) -> Frame:
    """The frame as the model knows it: with its channels, at its working size, in 8 bits, without alpha.

    Raises ImageError for a grey picture where colour is expected, and the other way round.
    """
    pixels = frame.as_uint8()
    if pixels.shape[2] == 3 and channels == 1:
        if np.ptp(pixels[::2, ::2].astype(np.int16), axis=2).max() > 8:
            raise ImageError("The model was fitted on grey images, and this one is in colour.")
        pixels = pixels.mean(2, keepdims=True).round().astype(np.uint8)
    if pixels.shape[2] == 1 and channels == 3:
        raise ImageError("The model was fitted on images in colour, and this one is grey.")
    return Frame(resized(pixels, scale))


def resized(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """(H, W, C) made smaller by averaging areas; a scale of 1 changes nothing."""
    if scale == 1:
        return pixels
    height, width = (max(8, round(side * scale)) for side in pixels.shape[:2])
    smaller = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, np.uint8).reshape(height, width, pixels.shape[2])


def refuse_size(frame: Frame, areas: tuple[float, float]) -> None:
    """Raise ImageError for an image that is much smaller or larger than all the normal ones."""
    area, (low, high) = frame.height * frame.width, areas
    if not low / MARGIN <= area <= high * MARGIN:
        sides = [round(one**0.5) for one in areas]
        raise ImageError(
            f"The model was fitted on images of about {sides[0]}x{sides[0]} to {sides[1]}x{sides[1]} pixels, "
            f"and this one has {frame.width}x{frame.height}; fit another model, or resize it."
        )


def enlarged(values: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """A map (h, w) at the size of the image it is about."""
    if values.shape == (height, width):
        return values
    return np.asarray(cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
