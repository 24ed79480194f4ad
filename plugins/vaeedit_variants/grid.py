"""A grid of small images in one picture."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vaeedit.api import Frame

GAP = 2
"""White pixels between images."""


def grid(images: Sequence[NDArray[np.uint8]], columns: int | None = None) -> Frame:
    """All images (H, W, C), of one size, row by row; by default in about as many rows as columns."""
    columns = columns or math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    height, width, channels = images[0].shape
    pixels = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, channels), 255, np.uint8)
    for index, image in enumerate(images):
        top, left = index // columns * (height + GAP), index % columns * (width + GAP)
        pixels[top : top + height, left : left + width] = image
    return Frame(pixels)
