"""Metrics of anomaly scores, for images and for pixels: AUROC, average precision, F1-max and AUPRO.

They are computed from the counts of a fine histogram, so a data set of any size is read once: the bins of `Counts` are
float32 numbers with 12 significant bits (0.05 % wide for any range). The formulas are those of scikit-learn, for which a
bin is one score with a weight.
"""

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
DROPPED = 12
"""Lowest bits of a float32 that bins ignore."""
BINS = 1 << (32 - DROPPED)
FALSE_ALARMS = 0.3
"""Largest share of false alarms in the integral of AUPRO (Bergmann et al. 2021)."""


@dataclass
class Counts:
    """Number of negatives and of positives, and summed shares of regions, in every bin of the score; arrays (BINS,)."""

    negatives: Array = field(default_factory=lambda: np.zeros(BINS))
    positives: Array = field(default_factory=lambda: np.zeros(BINS))
    regions: Array = field(default_factory=lambda: np.zeros(BINS))

    def add(self, scores: NDArray[Any], labels: NDArray[Any]) -> None:
        """Add scores of any shape and range, with labels of the same shape: true where abnormal.

        Two-dimensional labels are a picture, whose connected regions (of eight neighbors) count for AUPRO. Raises
        ValueError for different shapes and for scores that are not finite.
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

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    def figures(self) -> dict[str, float]:
        """The metrics auroc, ap, f1_max and aupro from 0 to 1; one that lacks negatives, positives or regions is left out.

        `ap` is the sum of precisions, each times the gain in recall, without interpolation; `f1_max` is the largest harmonic
        mean of precision and recall over all thresholds.
        """
        figures: dict[str, float] = {}
        if self.negatives.any() and self.positives.any():
            from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

            weighted = _weighted(self.negatives, self.positives)
            precision, recall, _ = precision_recall_curve(**weighted)
            f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
            figures["auroc"] = float(roc_auc_score(**weighted))
            figures["ap"] = float(average_precision_score(**weighted))
            figures["f1_max"] = float(f1.max())
        return figures | ({"aupro": aupro(self)} if self.negatives.any() and self.regions.any() else {})


def counted(scores: NDArray[Any], labels: NDArray[Any]) -> Counts:
    """The counts of these scores and labels alone, see `Counts.add`."""
    counts = Counts()
    counts.add(scores, labels)
    return counts


def aupro(counts: Counts, limit: float = FALSE_ALARMS) -> float:
    """AUPRO from 0 to 1: the mean overlap with each region, integrated over the share of false alarms up to `limit`.

    All regions have the same weight, whatever their size (Bergmann et al. 2021).
    """
    from sklearn.metrics import auc

    false, overlap = _curve(counts.negatives, counts.regions)
    inside = false < limit
    x, y = np.append(false[inside], limit), np.append(overlap[inside], np.interp(limit, false, overlap))
    return float(auc(x, y) / limit)


def curve(counts: Counts, points: int = 200) -> tuple[Array, Array]:
    """Shares of false and of true alarms, arrays (N,) from 0 to 1: at most `points` points of the ROC curve."""
    false, true = _curve(counts.negatives, counts.positives)
    chosen = np.unique(np.linspace(0, len(false) - 1, points).round().astype(int))
    return false[chosen], true[chosen]


def _curve(negatives: Array, positives: Array) -> tuple[Array, Array]:
    """Shares of negatives and of positives above every threshold, from the highest threshold to the lowest."""
    from sklearn.metrics import roc_curve

    false, true, _ = roc_curve(**_weighted(negatives, positives))
    return false, true


def _weighted(negatives: Array, positives: Array) -> dict[str, NDArray[Any]]:
    """Arguments for scikit-learn: each bin that is not empty is a score with a weight, once for each label."""
    below, above = np.flatnonzero(negatives), np.flatnonzero(positives)
    return {
        "y_true": np.repeat([0, 1], [len(below), len(above)]),
        "y_score": np.concatenate([below, above]),
        "sample_weight": np.concatenate([negatives[below], positives[above]]),
    }


def _bins(scores: NDArray[Any]) -> NDArray[np.int64]:
    """The bin of every score, flat: the bits of a float32, reordered to increase with it, are a fine logarithmic scale."""
    bits = (np.asarray(scores, np.float32).ravel() + np.float32(0)).view(np.uint32)  # + 0: -0 becomes 0
    ordered = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    return (ordered >> np.uint32(DROPPED)).astype(np.int64)
