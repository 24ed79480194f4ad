"""Luma: the gray value of a color."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

BT601 = np.array([0.299, 0.587, 0.114])

F = TypeVar("F", bound=np.floating[Any])


def luma(x: NDArray[F]) -> NDArray[F]:
    """Luma (H, W) of gray or RGB values (H, W, 1 or 3), in their range and dtype (ITU-R BT.601)."""
    gray: NDArray[F] = x[..., 0] if x.shape[2] == 1 else x @ BT601.astype(x.dtype)
    return np.ascontiguousarray(gray)
