"""Prepares images for a model: size, channels, range of values; refuses images that differ too much from the normal ones."""

from collections.abc import Sequence

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from vaeedit.api import Frame, ImageError

MARGIN = 2.0
"""An image is refused if its number of pixels differs from all normal images by more than this factor."""
RANGE = (0.1, 0.9)
"""Target of the lowest and highest thousandth of the normal images' values; a defect may be darker or brighter."""
MOST_GAIN = 8.0
"""Largest factor on values; a larger one would amplify noise and rounding only."""


class Preparation(msgspec.Struct, frozen=True):
    """The preparation of images for a model."""

    channels: int
    scale: float
    """Working size divided by the original size."""
    low: float = 0.0
    """The value in [0, 1] that becomes 0."""
    gain: float = 1.0
    """Factor on values above `low`; at least 1."""

    def __post_init__(self) -> None:
        known = self.channels in (1, 3) and 0 < self.scale <= 1 and 1 <= self.gain <= MOST_GAIN
        if not known or not -1 <= self.low <= 1:
            raise ValueError(
                "channels must be 1 or 3, scale at most 1, gain from 1 to 8 and low from -1 to 1"
            )

    def with_range_of(self, frames: Sequence[Frame]) -> "Preparation":
        """The same, with `low` and `gain` that spread the values of these frames over `RANGE`, if they do not fill it."""
        values = np.concatenate([prepared(frame, self).floats()[::2, ::2].ravel() for frame in frames])
        low, high = np.quantile(values, (0.001, 0.999))
        gain = float(np.clip((RANGE[1] - RANGE[0]) / max(high - low, 1e-6), 1.0, MOST_GAIN))
        start = float((low + high) / 2 - 0.5 / gain) if gain > 1 else 0.0
        return msgspec.structs.replace(self, low=start, gain=gain)


def prepared(frame: Frame, how: Preparation) -> Frame:
    """The frame as input of the model: 8 bits, without alpha.

    Raises ImageError for a gray picture if the model expects color, and for a picture in color if it expects gray.
    """
    pixels = frame.as_uint8()
    if pixels.shape[2] == 3 and how.channels == 1:
        if np.ptp(pixels[::2, ::2].astype(np.int16), axis=2).max() > 8:
            raise ImageError("The model was fitted on gray images, and this one is in color.")
        pixels = pixels.mean(2, keepdims=True).round().astype(np.uint8)
    if pixels.shape[2] == 1 and how.channels == 3:
        raise ImageError("The model was fitted on images in color, and this one is gray.")
    pixels = resized(pixels, how.scale)
    if how.gain == 1:
        return Frame(pixels)
    values = (pixels.astype(np.float32) / 255 - how.low) * how.gain
    return Frame(np.rint(values.clip(0, 1) * 255).astype(np.uint8))


def resized(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Pixels (H, W, C) downscaled by averaging areas, each side to at least 8; a scale of 1 changes nothing."""
    if scale == 1:
        return pixels
    height, width = (max(8, round(side * scale)) for side in pixels.shape[:2])
    smaller = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, np.uint8).reshape(height, width, pixels.shape[2])


def refuse_size(frame: Frame, areas: tuple[float, float]) -> None:
    """Raise ImageError for an image with far fewer or more pixels than all normal images (`areas`: least and most)."""
    area, (low, high) = frame.height * frame.width, areas
    if not low / MARGIN <= area <= high * MARGIN:
        sides = [round(size**0.5) for size in areas]
        raise ImageError(
            f"The model was fitted on images of about {sides[0]}x{sides[0]} to {sides[1]}x{sides[1]} pixels, "
            f"and this one has {frame.width}x{frame.height}; fit another model, or resize it."
        )


def enlarged(values: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """A map (h, w), interpolated linearly to (height, width)."""
    if values.shape == (height, width):
        return values
    return np.asarray(cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
