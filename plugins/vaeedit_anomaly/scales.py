"""-log10 p at several scales: fine scales find holes and scratches, coarse scales find slightly unusual regions."""

from collections.abc import Sequence

import msgspec
import numpy as np
import torch
from torch.nn import functional as F

from vaeedit_anomaly.places import Map, blurred

WIDTHS = (2.0, 8.0, 20.0, 50.0)
"""Standard deviations of the blurs, in pixels of the working size."""


class Scales(msgspec.Struct, frozen=True):
    """Mean and standard deviation (`spread`) of -log10 p over the pixels of normal images, under each blur."""

    mean: tuple[float, ...]
    spread: tuple[float, ...]

    def __post_init__(self) -> None:
        if not len(self.mean) == len(self.spread) == len(WIDTHS):
            raise ValueError(f"there must be a mean and a spread for each of {len(WIDTHS)} scales")
        if not np.isfinite([self.mean, self.spread]).all() or min(self.spread) <= 0:
            raise ValueError("means must be finite numbers, and spreads positive numbers")

    @classmethod
    def of(cls, neg_log_ps: Sequence[Map]) -> "Scales":
        """Statistics of the fused -log10 p (H, W) of normal images; at least one."""
        sums = np.zeros((len(WIDTHS), 3))
        for neg_log_p in neg_log_ps:
            for scale, width in enumerate(WIDTHS):
                soft = blurred(neg_log_p, width).astype(np.float64)
                sums[scale] += soft.size, soft.sum(), np.square(soft).sum()
        mean = sums[:, 1] / sums[:, 0]
        spread = np.sqrt(np.maximum(sums[:, 2] / sums[:, 0] - mean**2, 1e-12))
        return cls(tuple(mean.tolist()), tuple(spread.tolist()))

    def joined(self, neg_log_p: Map, count: int | None = None) -> Map:
        """The largest standardized -log10 p of all scales, made positive by softplus, (H, W) -> the same shape.

        With `count`, only the finest scales are used.
        """
        known = list(zip(WIDTHS, self.mean, self.spread, strict=True))[:count]
        deviations = [(blurred(neg_log_p, width) - mean) / spread for width, mean, spread in known]
        largest = torch.from_numpy(np.maximum.reduce(deviations, dtype=np.float32))
        return np.asarray(F.softplus(largest).numpy(), np.float32)
