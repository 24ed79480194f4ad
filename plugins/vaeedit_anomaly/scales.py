"""-log10 p at several scales: fine ones find holes and scratches, coarse ones regions that are a little unusual."""

from collections.abc import Sequence

import msgspec
import numpy as np

from vaeedit_anomaly.places import Map, blurred

WIDTHS = (2.0, 8.0, 20.0, 50.0)
"""Standard deviations of the blurs, in pixels of the working size."""


class Scales(msgspec.Struct, frozen=True):
    """Mean and spread, over the pixels of normal images, of -log10 p under every blur."""

    mean: tuple[float, ...]
    spread: tuple[float, ...]

    def __post_init__(self) -> None:
        if not len(self.mean) == len(self.spread) == len(WIDTHS):
            raise ValueError(f"there must be a mean and a spread for each of {len(WIDTHS)} scales")
        if not np.isfinite([self.mean, self.spread]).all() or min(self.spread) <= 0:
            raise ValueError("means must be finite numbers and spreads positive ones")

    @classmethod
    def of(cls, neg_log_ps: Sequence[Map]) -> "Scales":
        """From the fused -log10 p of normal images; at least one."""
        sums = np.zeros((len(WIDTHS), 3))
        for neg_log_p in neg_log_ps:
            for scale, width in enumerate(WIDTHS):
                soft = blurred(neg_log_p, width).astype(np.float64)
                sums[scale] += soft.size, soft.sum(), np.square(soft).sum()
        mean = sums[:, 1] / sums[:, 0]
        spread = np.sqrt(np.maximum(sums[:, 2] / sums[:, 0] - mean**2, 1e-12))
        return cls(tuple(mean.tolist()), tuple(spread.tolist()))

    def joined(self, neg_log_p: Map, count: int | None = None) -> Map:
        """The largest deviation of the finest `count` scales (H, W), in spreads of each; made positive by softplus."""
        known = list(zip(WIDTHS, self.mean, self.spread, strict=True))[:count]
        found = np.max([(blurred(neg_log_p, width) - mean) / spread for width, mean, spread in known], 0)
        return np.asarray(np.logaddexp(0, found), np.float32)
