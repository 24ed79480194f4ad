"""A grid of small images in one picture."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vaeedit.api import Frame, laid_out

GAP = 2
"""White pixels between images."""


def grid(images: Sequence[NDArray[np.uint8]], columns: int | None = None) -> Frame:
    """All images (H, W, C), of one size, in rows of `columns` or, without, in about as many rows as columns."""
    return Frame(laid_out(images, columns or math.ceil(math.sqrt(len(images))), GAP, 255))
