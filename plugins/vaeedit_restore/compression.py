"""JPEG in memory, as damage to restore."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FULL_COLOR, HALF_COLOR = 0, 2
"""Chroma subsampling, by Pillow's numbers: 4:4:4 and 4:2:0."""


def compressed(pixels: NDArray[np.uint8], quality: int, subsampling: int = HALF_COLOR) -> NDArray[np.uint8]:
    """A picture (H, W, 3) as it is after it was stored as JPEG of a quality from 1 to 100; same shape."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(buffer))
