"""Measures of anomaly scores, for images and for pixels: AUROC, average precision, F1-max and AUPRO.

All of them see scores only through counts of a fine histogram, so that a set of any size passes by once: `Counts` has bins
that are float32 numbers of 12 significant bits (0.05 % wide, whatever the range). The formulas are those of scikit-learn,
which takes a bin as one score with a weight.
"""

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
DROPPED = 12
"""Bits of a float32 that bins ignore."""
BINS = 1 << (32 - DROPPED)
FALSE_ALARMS = 0.3
"""Share of false alarms up to which AUPRO integrates (Bergmann et al. 2021)."""


@dataclass
class Counts:
    """How many negatives and positives, and what share of the regions, fall into every bin of the score."""

    negatives: Array = field(default_factory=lambda: np.zeros(BINS))
    positives: Array = field(default_factory=lambda: np.zeros(BINS))
    regions: Array = field(default_factory=lambda: np.zeros(BINS))

    def add(self, scores: NDArray[Any], labels: NDArray[Any]) -> None:
        """Scores of any shape, and labels of the same: true where abnormal.

        Labels of two dimensions are a picture, whose connected regions (of eight neighbors) count for AUPRO. Raises
        ValueError for shapes that differ and scores that are no numbers.
        """
        if scores.shape != labels.shape:
            raise ValueError(f"scores {scores.shape} and labels {labels.shape} differ in shape")
        if not np.isfinite(scores).all():
            raise ValueError("scores must be finite numbers")
        bins, positive = _bins(scores), labels.astype(bool).ravel()
        self.negatives += np.bincount(bins[~positive], minlength=BINS)
        self.positives += np.bincount(bins[positive], minlength=BINS)
        if labels.ndim == 2 and positive.any():
            _, numbers = cv2.connectedComponents(labels.astype(bool).astype(np.uint8), connectivity=8)
            sizes = np.bincount(numbers.ravel())
            share = 1.0 / sizes[numbers.ravel()[positive]]
            self.regions += np.bincount(bins[positive], weights=share, minlength=BINS)

    def plus(self, other: "Counts") -> "Counts":
        """Those of both together."""
        return Counts(
            self.negatives + other.negatives, self.positives + other.positives, self.regions + other.regions
        )

    def figures(self) -> dict[str, float]:
        """Shares from 0 to 1: auroc, ap, f1_max and aupro; those that lack negatives, positives or regions are not there.

        `ap` sums precisions, each times the recall gained there, without interpolation; `f1_max` is the largest harmonic
        mean of precision and recall over all thresholds.
        """
        found: dict[str, float] = {}
        if self.negatives.any() and self.positives.any():
            from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

            weighted = _weighted(self.negatives, self.positives)
            precision, recall, _ = precision_recall_curve(**weighted)
            f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
            found["auroc"] = float(roc_auc_score(**weighted))
            found["ap"] = float(average_precision_score(**weighted))
            found["f1_max"] = float(f1.max())
        return found | ({"aupro": aupro(self)} if self.negatives.any() and self.regions.any() else {})


def counted(scores: NDArray[Any], labels: NDArray[Any]) -> Counts:
    """Counts of scores that are all here."""
    found = Counts()
    found.add(scores, labels)
    return found


def aupro(counts: Counts, limit: float = FALSE_ALARMS) -> float:
    """Mean share of each region that is found, over the share of false alarms up to `limit`, as a share of that area.

    Every region weighs the same, however large (Bergmann et al. 2021).
    """
    from sklearn.metrics import auc

    false, overlap = _curve(counts.negatives, counts.regions)
    inside = false < limit
    x, y = np.append(false[inside], limit), np.append(overlap[inside], np.interp(limit, false, overlap))
    return float(auc(x, y) / limit)


def curve(counts: Counts, points: int = 200) -> tuple[Array, Array]:
    """Shares of false and of true alarms: at most `points` corners of the curve whose area is the AUROC."""
    false, true = _curve(counts.negatives, counts.positives)
    chosen = np.unique(np.linspace(0, len(false) - 1, points).round().astype(int))
    return false[chosen], true[chosen]


def _curve(negatives: Array, positives: Array) -> tuple[Array, Array]:
    """Shares of the negatives and of the positives above every threshold, from the highest down."""
    from sklearn.metrics import roc_curve

    false, true, _ = roc_curve(**_weighted(negatives, positives))
    return false, true


def _weighted(negatives: Array, positives: Array) -> dict[str, NDArray[Any]]:
    """What scikit-learn takes: every bin that holds something as a score with a weight, once for each label."""
    some = [np.flatnonzero(weights) for weights in (negatives, positives)]
    return {
        "y_true": np.repeat([0, 1], [len(bins) for bins in some]),
        "y_score": np.concatenate(some),
        "sample_weight": np.concatenate([negatives[some[0]], positives[some[1]]]),
    }


def _bins(scores: NDArray[Any]) -> NDArray[np.int64]:
    """The bin of every score, flat; the bits of a float32, made to grow with it, are a fine logarithmic scale."""
    bits = (np.asarray(scores, np.float32).ravel() + np.float32(0)).view(np.uint32)  # + 0: there is one zero
    ordered = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    return (ordered >> np.uint32(DROPPED)).astype(np.int64)
