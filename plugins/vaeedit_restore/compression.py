"""JPEG in memory, as damage to restore."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def compressed(pixels: NDArray[np.uint8], quality: int, subsampling: str = "4:2:0") -> NDArray[np.uint8]:
    """The picture (H, W, 3) as JPEG of a quality from 1 to 100 gives it back; same shape."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(buffer))
