"""The part of a picture of an animation that differs from the picture before."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def changed_part(before: NDArray[Any] | None, after: NDArray[Any]) -> tuple[slice, slice]:
    """The rows and columns of the smallest rectangle that holds all changes; of at least one pixel.

    Without a picture before, it is the whole. Raises ValueError for pictures (H, W, C) of two shapes.
    """
    if before is None:
        return slice(0, after.shape[0]), slice(0, after.shape[1])
    if before.shape != after.shape:
        raise ValueError("its pictures must all have the same size and mode")
    differs = (before != after).any(axis=2)
    return _span(differs.any(axis=1)), _span(differs.any(axis=0))


def _span(marked: NDArray[np.bool_]) -> slice:
    places = np.flatnonzero(marked)
    return slice(int(places[0]), int(places[-1]) + 1) if len(places) else slice(0, 1)
