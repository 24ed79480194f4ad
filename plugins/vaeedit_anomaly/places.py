"""What is usual where: fused surprise at several scales, standardised by the place in the picture.

Borders, holders and shadows surprise in every normal image, at the same place. So the surprise of a place is compared with
what held-out normal images show there (the per-place standardisation of PaDiM, Defard et al. 2021, in relative coordinates,
so that sizes may differ); where no place differs from another, nothing changes. Small scales find holes and scratches, large
ones regions that are only a little unusual, but everywhere.
"""

import math
from collections.abc import Sequence

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float32]
WIDTHS = (3.0, 8.0, 20.0, 50.0)
"""Standard deviations of the blurs, in pixels of the working size."""
CELLS = 24
"""Places along each side."""
PRIOR = 16
"""Images that all places together count for, beside those seen at each place."""


class Places(msgspec.Struct, frozen=True):
    """Mean and spread of every scale at every place, float16 (scales, CELLS, CELLS)."""

    mean: bytes
    spread: bytes

    @classmethod
    def of(cls, seen: Sequence[Map]) -> "Places":
        """From the blurred surprise of normal images, each reduced to cells (`cells`); at least one."""
        values = np.stack(seen).astype(np.float64)
        share = len(values) / (len(values) + PRIOR)
        mean = _toward(values.mean(0), share)
        variance = _toward(np.square(values - mean).mean(0), share)
        return cls(*(x.astype(np.float16).tobytes() for x in (mean, np.sqrt(variance) + 1e-3)))

    def standardised(self, scales: Sequence[Map], count: int | None = None) -> Map:
        """The largest deviation from the mean over the finest `count` scales (H, W), in spreads of its place.

        Made positive by softplus.
        """
        found: Map | None = None
        known = zip(scales, self._grids(self.mean), self._grids(self.spread), strict=True)
        for grid, mean, spread in list(known)[:count]:
            size = grid.shape[1], grid.shape[0]
            here = (grid - _enlarged(mean, size)) / _enlarged(spread, size)
            found = here if found is None else np.maximum(found, here)
        assert found is not None
        return np.asarray(np.logaddexp(0, found), np.float32)

    @staticmethod
    def _grids(packed: bytes) -> NDArray[np.float32]:
        return np.frombuffer(packed, np.float16).reshape(-1, CELLS, CELLS).astype(np.float32)


def scales(surprise: Map) -> list[Map]:
    """The surprise (H, W) under every blur."""
    return [blurred(surprise, width) for width in WIDTHS]


def cells(grids: Sequence[Map]) -> Map:
    """Blurred surprise reduced to places, (scales, CELLS, CELLS)."""
    return np.stack([cv2.resize(grid, (CELLS, CELLS), interpolation=cv2.INTER_AREA) for grid in grids])


def blurred(x: Map, width: float) -> Map:
    """A Gaussian blur; wide ones are made of fewer pixels, whose own blur (of averaging and interpolating) is allowed for."""
    step = 2 ** max(0, int(math.log2(width / 4)))
    size = x.shape[1], x.shape[0]
    small = (
        x if step == 1 else cv2.resize(x, tuple(-(-n // step) for n in size), interpolation=cv2.INTER_AREA)
    )
    left = math.sqrt((width / step) ** 2 - (step > 1) / 4)
    soft = cv2.GaussianBlur(small, (0, 0), left, borderType=cv2.BORDER_REFLECT)
    return _enlarged(np.asarray(soft, np.float32), size)


def _toward(values: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Every scale's places drawn toward their mean."""
    drawn: NDArray[np.float64] = share * values + (1 - share) * values.mean((1, 2), keepdims=True)
    return drawn


def _enlarged(grid: Map, size: tuple[int, int]) -> Map:
    if grid.shape == size[::-1]:
        return grid
    return np.asarray(cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR), np.float32)
