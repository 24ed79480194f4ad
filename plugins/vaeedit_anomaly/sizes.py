"""From images to what a model works on and back: size, channels, range of values; and what it was not fitted for."""

from collections.abc import Sequence

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from vaeedit.api import Frame, ImageError

MARGIN = 2.0
"""An image of more, or less, than this factor times the pixels of all normal images is refused."""


RANGE = (0.1, 0.9)
"""Where the lowest and highest thousandth of the normal images' values come to lie: a defect may be darker or brighter."""
MOST_GAIN = 8.0
"""Of values: beyond that, only noise and rounding would be made visible."""


class Preparation(msgspec.Struct, frozen=True):
    """How images are prepared for a model."""

    channels: int
    scale: float
    """Working size over the images' own."""
    low: float = 0.0
    """The value, of 1, that becomes 0."""
    gain: float = 1.0
    """What values above it are multiplied by; at least 1."""

    def __post_init__(self) -> None:
        known = self.channels in (1, 3) and 0 < self.scale <= 1 and 1 <= self.gain <= MOST_GAIN
        if not known or not -1 <= self.low <= 1:
            raise ValueError(
                "there are 1 or 3 channels, a scale of at most 1 and a range of values within the image's"
            )

    def with_range_of(self, frames: Sequence[Frame]) -> "Preparation":
        """The same, with the values of these frames spread over `RANGE`; those that fill it are left alone."""
        values = np.concatenate([prepared(frame, self).floats()[::2, ::2].ravel() for frame in frames])
        low, high = np.quantile(values, (0.001, 0.999))
        gain = float(np.clip((RANGE[1] - RANGE[0]) / max(high - low, 1e-6), 1.0, MOST_GAIN))
        start = float((low + high) / 2 - 0.5 / gain) if gain > 1 else 0.0
        return msgspec.structs.replace(self, low=start, gain=gain)


def prepared(frame: Frame, how: Preparation) -> Frame:
    """The frame as the model knows it, in 8 bits, without alpha.

    Raises ImageError for a gray picture where color is expected, and the other way round.
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
