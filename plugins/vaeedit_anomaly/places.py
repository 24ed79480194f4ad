"""What is usual where: anomaly maps standardized by its place in the picture, and blurred at several scales.

Borders, holders and shadows are hard to mend in every normal image, at the same place. So the anomaly map of a place is
compared with what held-out normal images show there (as PaDiM compares features, Defard et al. 2021, but in relative
coordinates, so that sizes may differ); where no place differs from another, nothing changes.
"""

import math
from collections.abc import Sequence

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from vaeedit.api import resized
from vaeedit_anomaly.sizes import enlarged

Map = NDArray[np.float32]
CELLS = 24
"""Places along each side."""
PRIOR = 4
"""Images that all places together count for in the spread, beside those seen at each place."""
FLOOR = 0.3
"""Of the mean spread, which is added to that of every place: none is so sure."""


class Places(msgspec.Struct, frozen=True):
    """Mean and spread of an anomaly map at every place, float32 (CELLS, CELLS)."""

    mean: bytes
    spread: bytes

    def __post_init__(self) -> None:
        mean, spread = (np.frombuffer(packed, np.float32) for packed in (self.mean, self.spread))
        if not (mean.size == spread.size == CELLS**2 and np.isfinite([mean, spread]).all()):
            raise ValueError(f"what is usual at a place must be {CELLS**2} finite numbers")
        if spread.min() <= 0:
            raise ValueError("a spread must be positive")

    @classmethod
    def of(cls, seen: Sequence[Map]) -> "Places":
        """From the anomaly maps of normal images, each reduced to cells; at least one."""
        values = np.stack(seen).astype(np.float64)
        count, means, spread = len(values), values.mean(0), values.std(0)
        known = count / (count + PRIOR)
        spread = known * spread + (1 - known + FLOOR) * spread.mean()
        share = means.var() / np.maximum(means.var() + spread**2 / count, 1e-12)  # empirical Bayes
        mean = share * means + (1 - share) * means.mean()
        return cls(mean.astype(np.float32).tobytes(), np.maximum(spread, 1e-6).astype(np.float32).tobytes())

    def standardized(self, anomaly_map: Map) -> Map:
        """Deviation from the mean (H, W), in spreads of its place."""
        mean, spread = (
            enlarged(np.frombuffer(packed, np.float32).reshape(CELLS, CELLS), *anomaly_map.shape)
            for packed in (self.mean, self.spread)
        )
        return (anomaly_map - mean) / spread


def cells(anomaly_map: Map) -> Map:
    """Anomaly map (H, W) reduced to places, (CELLS, CELLS)."""
    return np.asarray(cv2.resize(anomaly_map, (CELLS, CELLS), interpolation=cv2.INTER_AREA), np.float32)


def blurred(x: Map, width: float) -> Map:
    """A Gaussian blur; wide ones are made of fewer pixels, whose own blur (of averaging and interpolating) is allowed for."""
    step = 2 ** max(0, int(math.log2(width / 4)))
    small = resized(x[..., None], *(-(-side // step) for side in x.shape))[..., 0]
    left = math.sqrt((width / step) ** 2 - (step > 1) / 4)
    soft = cv2.GaussianBlur(small, (0, 0), left, borderType=cv2.BORDER_REFLECT)
    return enlarged(np.asarray(soft, np.float32), *x.shape)
