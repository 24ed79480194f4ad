"""Measures of anomaly scores, for images and for pixels: AUROC, average precision, F1-max and AUPRO.

All of them see scores only through counts above a threshold, so that a set of any size passes by once: `Counts`
keeps a histogram whose bins are float32 numbers of 12 significant bits (0.05 % wide, whatever the range).
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

        Labels of two dimensions are a picture, whose connected regions (of eight neighbours) count for AUPRO. Raises
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
        """All four; those that lack positives, negatives or regions are not there."""
        found: dict[str, float] = {}
        if self.negatives.any() and self.positives.any():
            found = {"auroc": auroc(self), "ap": average_precision(self), "f1_max": f1_max(self)}
        return found | ({"aupro": aupro(self)} if self.negatives.any() and self.regions.any() else {})


def counted(scores: NDArray[Any], labels: NDArray[Any]) -> Counts:
    """Counts of scores that are all here."""
    found = Counts()
    found.add(scores, labels)
    return found


def auroc(counts: Counts) -> float:
    """Area under the curve of true over false alarms: the chance that a positive scores above a negative; ties are half."""
    false, true = _above(counts.negatives), _above(counts.positives)
    return float(np.trapezoid(true, false))


def average_precision(counts: Counts) -> float:
    """Sum of precisions, each times the recall gained there; no interpolation (as scikit-learn has it)."""
    true, precision = _precision(counts)
    return float(np.sum(np.diff(true, prepend=0.0) * precision))


def f1_max(counts: Counts) -> float:
    """Largest harmonic mean of precision and recall over all thresholds."""
    recall, precision = _precision(counts)
    return float(np.max(2 * recall * precision / np.maximum(recall + precision, 1e-12)))


def aupro(counts: Counts, limit: float = FALSE_ALARMS) -> float:
    """Mean share of each region that is found, over the share of false alarms up to `limit`, as a share of that area.

    Every region weighs the same, however large (Bergmann et al. 2021).
    """
    false, overlap = _above(counts.negatives), _above(counts.regions)
    inside = false < limit
    x = np.append(false[inside], limit)
    y = np.append(overlap[inside], np.interp(limit, false, overlap))
    return float(np.trapezoid(y, x) / limit)


def curve(counts: Counts, points: int = 200) -> tuple[Array, Array]:
    """Shares of false and of true alarms: at most `points` corners of the curve that `auroc` integrates."""
    false, true = _above(counts.negatives), _above(counts.positives)
    corners = np.flatnonzero(np.diff(false + true, prepend=-1.0))
    chosen = corners[np.unique(np.linspace(0, len(corners) - 1, points).round().astype(int))]
    return false[chosen], true[chosen]


def _bins(scores: NDArray[Any]) -> NDArray[np.int64]:
    """The bin of every score, flat; the bits of a float32, made to grow with it, are a fine logarithmic scale."""
    bits = (np.asarray(scores, np.float32).ravel() + np.float32(0)).view(np.uint32)  # + 0: there is one zero
    ordered = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    return (ordered >> np.uint32(DROPPED)).astype(np.int64)


def _above(weights: Array) -> Array:
    """Share of the weight at or above every bin, from the highest bin down, beginning with 0."""
    return np.concatenate([[0.0], np.cumsum(weights[::-1]) / weights.sum()])


def _precision(counts: Counts) -> tuple[Array, Array]:
    """Recall and precision at every bin that holds something, from the highest down."""
    some = (counts.positives + counts.negatives)[::-1] > 0
    true = np.cumsum(counts.positives[::-1])[some]
    false = np.cumsum(counts.negatives[::-1])[some]
    return true / counts.positives.sum(), true / (true + false)
