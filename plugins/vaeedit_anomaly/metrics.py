"""Metrics of anomaly scores, for images and for pixels: AUROC, average precision, F1-max and AUPRO.

They are computed from the counts of a fine histogram, so a data set of any size is read once: the bins of `Sparse` are
float32 numbers with 12 significant bits (0.05 % wide for any range). A bin counts as one score: what falls into it is a tie.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
DROPPED = 12
"""Lowest bits of a float32 that bins ignore."""
BINS = 1 << (32 - DROPPED)
COARSE = 1024
"""Largest number of bins of `coarse`."""
FALSE_ALARMS = 0.3
"""Largest share of false alarms in the integral of AUPRO (Bergmann et al. 2021)."""


class Sparse(NamedTuple):
    """The bins of some scores, (N,) numbers that increase, and what is in them, (3, N): see `Counts`."""

    bins: NDArray[np.int32]
    table: NDArray[np.float32]


def sparse(scores: NDArray[Any], labels: NDArray[Any]) -> Sparse:
    """The bins of scores of any shape and range, with labels of the same shape: true where abnormal.

    Two-dimensional labels are a picture, whose connected regions (of eight neighbors) count for AUPRO. Raises
    ValueError for different shapes and for scores that are not finite.
    """
    if scores.shape != labels.shape:
        raise ValueError(f"scores {scores.shape} and labels {labels.shape} differ in shape")
    if not np.isfinite(scores).all():
        raise ValueError("scores must be finite numbers")
    bins, index = np.unique(_bins(scores), return_inverse=True)
    positive, share = labels.astype(bool).ravel(), np.zeros(labels.size)
    if labels.ndim == 2 and positive.any():
        _, numbers = cv2.connectedComponents(labels.astype(bool).astype(np.uint8), connectivity=8)
        share[positive] = 1.0 / np.bincount(numbers.ravel())[numbers.ravel()[positive]]
    table = [np.bincount(index, weights) for weights in (~positive, positive, share)]
    return Sparse(bins.astype(np.int32), np.array(table, np.float32))


@dataclass
class Counts:
    """In every bin of the score, the number of negatives and of positives, and summed shares of regions: (3, BINS)."""

    table: Array = field(default_factory=lambda: np.zeros((3, BINS)))

    def add(self, scores: NDArray[Any], labels: NDArray[Any]) -> None:
        """Add scores with labels, see `sparse`."""
        self.gather(sparse(scores, labels))

    def gather(self, part: Sparse) -> None:
        """Add what was counted before."""
        self.table[:, part.bins] += part.table

    def filled(self) -> Array:
        """The bins that are not empty, (3, N)."""
        return self.table[:, self.table[:2].any(0)]

    def figures(self) -> dict[str, float]:
        """The `measures`; one that lacks negatives, positives or regions is left out."""
        found = measures(*self.filled()) if self.table.any() else {}
        return {name: float(value) for name, value in found.items() if np.isfinite(value)}


def counted(scores: NDArray[Any], labels: NDArray[Any]) -> Counts:
    """The counts of these scores and labels alone, see `sparse`."""
    counts = Counts()
    counts.add(scores, labels)
    return counts


def coarse(parts: Sequence[Sparse]) -> Array:
    """The tables of several parts in common bins, (3, parts, N), of which there are `COARSE` at most.

    Neighbors are joined so that every bin has about as large a share of negatives, positives and regions as the others. The
    measures of such bins differ by less than .001.
    """
    bins = np.unique(np.concatenate([part.bins for part in parts]))
    places = [np.searchsorted(bins, part.bins) for part in parts]
    if len(bins) > COARSE:
        total = np.zeros((3, len(bins)))
        for part, place in zip(parts, places, strict=True):
            total[:, place] += part.table
        mass = np.cumsum((total / np.maximum(total.sum(1, keepdims=True), 1e-12)).sum(0))
        joined = np.minimum(mass / mass[-1] * COARSE, COARSE - 1).astype(int)
        places = [joined[place] for place in places]
    size = max(int(place.max()) for place in places) + 1
    tables = [
        [np.bincount(place, row, size) for row in part.table]
        for part, place in zip(parts, places, strict=True)
    ]
    return np.array(tables).swapaxes(0, 1)


def measures(negatives: Array, positives: Array, regions: Array) -> dict[str, Array]:
    """The metrics auroc, ap, f1_max and aupro, (...) from 0 to 1, of counts (..., N) in bins of increasing scores.

    `ap` is the sum of precisions, each times the gain in recall, without interpolation; `f1_max` is the largest harmonic
    mean of precision and recall over all thresholds. One that lacks negatives, positives or regions is NaN.
    """
    false, true = _above(negatives), _above(positives)
    with np.errstate(invalid="ignore"):
        some = np.where((false[..., -1] > 0) & (true[..., -1] > 0), 1.0, np.nan)
        called = np.maximum(false + true, 1e-12)
        ap = np.sum(np.diff(true) * (true / called)[..., 1:], -1) / true[..., -1]
        f1 = np.max(2 * true / (called + true[..., -1:]), -1)
    area = _area(_shares(negatives), _shares(positives), 1.0)
    return {"auroc": area, "ap": ap * some, "f1_max": f1 * some, "aupro": _aupro(negatives, regions)}


def aupro(counts: Counts, limit: float = FALSE_ALARMS) -> float:
    """AUPRO from 0 to 1: the mean overlap with each region, integrated over the share of false alarms up to `limit`.

    All regions have the same weight, whatever their size (Bergmann et al. 2021).
    """
    negatives, _, regions = counts.filled()
    return float(_aupro(negatives, regions, limit))


def curve(counts: Counts, points: int = 200) -> tuple[Array, Array]:
    """Shares of false and of true alarms, arrays (N,) from 0 to 1: at most `points` points of the ROC curve."""
    false, true = (_shares(part) for part in counts.filled()[:2])
    chosen = np.unique(np.linspace(0, len(false) - 1, points).round().astype(int))
    return false[chosen], true[chosen]


def _aupro(negatives: Array, regions: Array, limit: float = FALSE_ALARMS) -> Array:
    return _area(_shares(negatives), _shares(regions), limit) / limit


def _above(counts: Array) -> Array:
    """Counts above every threshold, from the highest, above which there is nothing, to the lowest: (..., N + 1)."""
    return np.cumsum(np.concatenate([np.zeros((*counts.shape[:-1], 1)), counts[..., ::-1]], -1), -1)


def _shares(counts: Array) -> Array:
    """The same as shares of all; NaN where there is nothing."""
    above = _above(counts)
    with np.errstate(invalid="ignore"):
        shares: Array = above / above[..., -1:]
    return shares


def _area(x: Array, y: Array, limit: float) -> Array:
    """The area (...) under curves (..., N) from 0 to `limit`; x increases. The line that crosses the limit is cut there."""
    width, rise = np.diff(x), np.diff(y)
    inside = np.clip(limit - x[..., :-1], 0, width)
    end = y[..., :-1] + rise * np.divide(inside, width, out=np.zeros_like(width), where=width > 0)
    return np.asarray(np.sum(inside * (y[..., :-1] + end) / 2, -1))


def _bins(scores: NDArray[Any]) -> NDArray[np.int64]:
    """The bin of every score, flat: the bits of a float32, reordered to increase with it, are a fine logarithmic scale."""
    bits = (np.asarray(scores, np.float32).ravel() + np.float32(0)).view(np.uint32)  # + 0: -0 becomes 0
    ordered = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    return (ordered >> np.uint32(DROPPED)).astype(np.int64)
