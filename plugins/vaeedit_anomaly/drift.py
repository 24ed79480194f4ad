"""Tells whether the scores of a line have drifted from those of the normal images that calibrated the model.

Two samples are compared by the test of Kolmogorov and Smirnov: the scores of 200 images, and those of the held-out images. It
sees every change of the distribution, of place or of width, upwards or downwards, and makes no assumption on its form. A few
defects, which change only the highest scores, do not set it off, since it looks at the largest difference of shares.

Tested after every image, any process would be called drifted in the end. So each image is tested once, in windows that do
not overlap, and the level of the windows falls: the k-th has `LEVEL` / (k (k + 1)). These levels add up to `LEVEL`, which
bounds the probability of ever giving a false warning, however long the line runs (Bonferroni: the windows share their
held-out images and need not be independent).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

WINDOW = 200
"""Images of a test."""
LEVEL = 0.01
"""Probability of a false warning among all windows, if images come as the held-out ones did."""


@dataclass(frozen=True)
class Tested:
    """The outcome of one window."""

    window: int
    """Its number, from 1."""
    p_value: float
    level: float
    median: float
    calibrated: float
    """The median of the held-out scores."""

    @property
    def drifted(self) -> bool:
        """Whether the scores differ from the held-out ones."""
        return self.p_value < self.level

    def row(self) -> dict[str, Any]:
        """Its figures for JSON."""
        return {
            "drift": self.drifted,
            "window": self.window,
            "images": WINDOW,
            "p_value": float(f"{self.p_value:.3g}"),
            "level": float(f"{self.level:.3g}"),
            "median": round(self.median, 5),
            "calibrated_median": round(self.calibrated, 5),
        }


@dataclass
class Drift:
    """Tests scores as they come against `held_out`, the scores of held-out images."""

    held_out: Sequence[float]
    windows: int = 0
    """How many windows were tested."""
    drifted: bool = False
    """Whether the last one differed."""
    _scores: list[float] = field(default_factory=list)

    def resume(self, scores: Sequence[float]) -> None:
        """Go on after these scores, of an earlier watch, as if there had been no break."""
        whole = len(scores) // WINDOW * WINDOW
        if whole:
            self.windows = whole // WINDOW - 1
            self._scores = [*scores[whole - WINDOW : whole]]
            self._test()
        self._scores = [*scores[whole:]]

    def take(self, score: float) -> Tested | None:
        """The outcome of the window that this score completes; None if it completes none."""
        self._scores.append(score)
        return self._test() if len(self._scores) == WINDOW else None

    def _test(self) -> Tested:
        self.windows += 1
        level = LEVEL / (self.windows * (self.windows + 1))
        tested = Tested(
            self.windows,
            p_value(self._scores, self.held_out),
            level,
            median(self._scores),
            median(self.held_out),
        )
        self.drifted, self._scores = tested.drifted, []
        return tested


def p_value(first: Iterable[float], second: Iterable[float]) -> float:
    """The p-value of Kolmogorov and Smirnov's test that two samples, at least one number each, have the same distribution."""
    from scipy.stats import ks_2samp

    return float(ks_2samp([*first], [*second]).pvalue)
