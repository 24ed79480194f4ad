"""Usual values at each place: anomaly maps are standardized by their place in the picture.

Borders, holders and shadows are hard to restore in every normal image, at the same place. So each place of an anomaly map is
compared with the same place in held-out normal images (as PaDiM does with features, Defard et al. 2021, but in relative
coordinates, so that sizes may differ).
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from vaeedit.api import resized
from vaeedit_anomaly.layouts import Layout
from vaeedit_anomaly.sizes import enlarged

Map = NDArray[np.float32]
CELLS = 24
"""Number of places along each side."""
PRIOR = 4
"""Weight of the mean deviation of all places in that of one place, as a number of images."""
FLOOR = 0.3
"""Share of the mean deviation that is added at every place, because estimates from few images are unreliable."""


class Places(msgspec.Struct, frozen=True):
    """Mean and standard deviation of an anomaly map at every place, float32 (CELLS, CELLS), as bytes."""

    mean: bytes
    spread: bytes

    def __post_init__(self) -> None:
        mean, spread = (np.frombuffer(packed, np.float32) for packed in (self.mean, self.spread))
        if not (mean.size == spread.size == CELLS**2 and np.isfinite([mean, spread]).all()):
            raise ValueError(f"mean and spread must have {CELLS**2} finite numbers each")
        if spread.min() <= 0:
            raise ValueError("a spread must be positive")

    @classmethod
    def of(cls, grids: Sequence[Map], layout: Layout = "aligned") -> "Places":
        """Statistics of the anomaly maps of normal images, each reduced to (CELLS, CELLS) by `cells`; at least one.

        Unless images are aligned, all places have the same mean and spread.
        """
        values = np.stack(grids).astype(np.float64)
        if layout != "aligned":
            same = np.full((2, CELLS, CELLS), [[[values.mean()]], [[max(values.std(), 1e-6)]]], np.float32)
            return cls(same[0].tobytes(), same[1].tobytes())
        count, means, spread = len(values), values.mean(0), values.std(0)
        known = count / (count + PRIOR)
        spread = known * spread + (1 - known + FLOOR) * spread.mean()
        share = means.var() / np.maximum(means.var() + spread**2 / count, 1e-12)  # empirical Bayes
        mean = share * means + (1 - share) * means.mean()
        return cls(mean.astype(np.float32).tobytes(), np.maximum(spread, 1e-6).astype(np.float32).tobytes())

    def standardized(self, anomaly_map: Map) -> Map:
        """An anomaly map (H, W) minus the mean, in standard deviations of each place; same shape."""
        mean, spread = (_unpacked(packed, *anomaly_map.shape) for packed in (self.mean, self.spread))
        return (anomaly_map - mean) / spread


@lru_cache(maxsize=32)  # most pictures of a folder have one size
def _unpacked(packed: bytes, height: int, width: int) -> Map:
    """float32 (CELLS, CELLS) enlarged to (height, width); not to be written to."""
    found = enlarged(np.frombuffer(packed, np.float32).reshape(CELLS, CELLS), height, width)
    found.flags.writeable = False
    return found


def cells(anomaly_map: Map) -> Map:
    """An anomaly map (H, W) averaged over places: float32 (CELLS, CELLS)."""
    return np.asarray(cv2.resize(anomaly_map, (CELLS, CELLS), interpolation=cv2.INTER_AREA), np.float32)


def blurred(x: Map, width: float) -> Map:
    """(H, W) under a Gaussian blur of standard deviation `width` in pixels; same shape.

    A wide blur runs on a downscaled array; the blur of averaging and interpolation is subtracted from its width.
    """
    step = 2 ** max(0, int(math.log2(width / 4)))
    small = resized(x[..., None], *(-(-side // step) for side in x.shape))[..., 0]
    left = math.sqrt((width / step) ** 2 - (step > 1) / 4)
    soft = cv2.GaussianBlur(small, (0, 0), left, borderType=cv2.BORDER_REFLECT)
    return enlarged(np.asarray(soft, np.float32), *x.shape)
