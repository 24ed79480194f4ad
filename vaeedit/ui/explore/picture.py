"""Decoded pictures as PNG."""

import io
import math
from collections.abc import Sequence

import numpy as np
from PIL import Image
from torch import Tensor

from vaeedit.image.frame import Pixels
from vaeedit.image.panels import laid_out
from vaeedit.vae.latents import Decoded

GAP = 4
"""Transparent pixels between samples."""
LEVEL = 1
"""Compression of PNG: larger levels take longer than decoding."""


def columns_for(count: int) -> int:
    """How many of `count` samples are side by side, so that the whole is about square."""
    return math.ceil(math.sqrt(max(1, count)))


def pixels_of(picture: Tensor) -> Pixels:
    """A picture (1, C, H, W) in [0, 1] as (H, W, C) of 8 bits."""
    pixels: Pixels = Decoded(picture).pixels()[0]
    return pixels


def sheet(pictures: Sequence[Pixels]) -> Pixels:
    """The only picture, or all of them in rows, with an alpha channel that is transparent between them."""
    if len(pictures) == 1:
        return pictures[0]
    opaque = [np.dstack([one, np.full(one.shape[:2], 255, np.uint8)]) for one in pictures]
    return laid_out(opaque, columns_for(len(pictures)), GAP, 0)


def png(pixels: Pixels) -> bytes:
    """A picture (H, W, C) of 8 bits as PNG."""
    buffer = io.BytesIO()
    values = pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
    Image.fromarray(np.ascontiguousarray(values)).save(buffer, "PNG", compress_level=LEVEL)
    return buffer.getvalue()
