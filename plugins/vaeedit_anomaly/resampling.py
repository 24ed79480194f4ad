"""Intervals of figures of test images by the bootstrap, and of shares of test images by their distribution.

Images of one group, such as several pictures of one part, are drawn together: a picture that resembles another tells little
that is new.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaeedit_anomaly.metrics import Array

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Bounds = tuple[float, float]
Measure = Callable[[Array], Array]
"""Figures (M, B) of images that count as often as their weights (B, images) say."""
LEVEL = 0.95
RESAMPLES = 2000
FEWEST = 10
"""Fewest groups with normal images, and with defective ones, of which resamples are worth anything."""
AT_ONCE = 250
"""Resamples that are measured together, which limits memory."""


def enough(groups: Numbers, defective: Flags) -> bool:
    """True if there are enough groups of every label that there is; `groups` and `defective` are (images,)."""
    return all(len(np.unique(groups[defective == label])) >= FEWEST for label in np.unique(defective))


def bootstrapped(measure: Measure, groups: Numbers, defective: Flags) -> tuple[list[Bounds | None], Array]:
    """Bounds of every figure, and the figures (M, RESAMPLES) in the resamples, the same ones in every call.

    Groups with a normal image and the others are drawn apart, so that no resample lacks a label. The bounds are
    bias-corrected and accelerated (BCa, Efron 1987); a figure that is the same in every resample has none.
    """
    from scipy import stats

    count, index = len(np.unique(groups)), np.unique(groups, return_inverse=True)[1]
    normal = np.bincount(index, ~defective, count) > 0
    strata = [part for part in (np.flatnonzero(normal), np.flatnonzero(~normal)) if len(part)]

    def figures(*drawn: Numbers, axis: int) -> Array:
        rows = [part.reshape(-1, part.shape[axis]) for part in drawn]
        times = np.zeros((len(rows[0]), count))
        for part in (*rows, *(np.tile(part, (len(times), 1)) for part in strata if len(part) == 1)):
            np.add.at(times, (np.arange(len(times))[:, None], part), 1)
        return measure(times[:, index]).reshape(-1, *drawn[0].shape[:axis])

    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        found = stats.bootstrap(
            [part for part in strata if len(part) > 1],
            figures,
            n_resamples=RESAMPLES,
            batch=AT_ONCE,
            vectorized=True,
            confidence_level=LEVEL,
            method="BCa",
            rng=np.random.default_rng(0),
        )
    limits: Any = zip(*found.confidence_interval, strict=True)
    bounds = [(float(low), float(high)) if np.isfinite([low, high]).all() else None for low, high in limits]
    return bounds, found.bootstrap_distribution


def share_bounds(hits: Flags, groups: Numbers) -> Bounds:
    """Bounds of the share of images that are hits: Clopper and Pearson's, for (images,), at least one.

    Where groups hold several images, these count as so many independent ones as have the same variance (Korn and Graubard
    1998); where all or no images are hits, as many as there are groups.
    """
    from scipy.stats import beta

    share, independent = float(hits.mean()), _independent(hits, groups)
    known, tail = share * independent, (1 - LEVEL) / 2
    low = beta.ppf(tail, known, independent - known + 1) if share > 0 else 0.0
    high = beta.ppf(1 - tail, known + 1, independent - known) if share < 1 else 1.0
    return float(low), float(high)


def _independent(hits: Flags, groups: Numbers) -> float:
    """The number of independent images, from the number of groups or 1 to the number of images."""
    images, share, index = len(hits), hits.mean(), np.unique(groups, return_inverse=True)[1]
    sets = int(index.max()) + 1
    if share in (0, 1) or sets == 1:
        return sets
    variance = sets / (sets - 1) * np.sum(np.bincount(index, hits - share) ** 2) / images**2
    if_independent = share * (1 - share) / (images - 1)
    return float(images / max(variance / if_independent, 1.0))
