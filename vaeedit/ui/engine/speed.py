"""How fast pipelines are on this machine now, learned from their runs, and so how many pixels a preview may have."""

from collections import deque
from collections.abc import Hashable

import numpy as np

ONE_ANSWER = 0.25
"""Seconds in which a preview as fine as the screen comes at once, without a coarse one before."""
SECONDS = (0.13, 0.9, 3.0)
"""Seconds for the first, coarse answer about a view, and for finer ones."""
UNKNOWN = 1.5
"""Seconds a megapixel of a pipeline that has not run yet."""
RUNS = 8
"""The last runs, which count: other work on the machine comes and goes."""


class Speed:
    """What is known of one pipeline."""

    def __init__(self) -> None:
        self.times = 1.0
        """Width of the result as a multiple of that of the input."""
        self._runs: deque[tuple[float, float]] = deque(maxlen=RUNS)
        """Megapixels of the input, and seconds."""
        self._is_warm = False

    def add(self, megapixels: float, seconds: float) -> None:
        """Take in a run. The first one, which loads the VAE, counts only until there is another."""
        if not self._is_warm and self._runs:
            self._runs.clear()
            self._is_warm = True
        self._runs.append((megapixels, seconds))

    @property
    def line(self) -> tuple[float, float]:
        """Seconds that any run takes, and seconds for each megapixel: the line of least squares through the runs."""
        if not self._runs:
            return 0.0, UNKNOWN
        size, seconds = np.array(self._runs).T
        slope = seconds.mean() / size.mean()
        spread = size - size.mean()
        if np.ptp(size) > 0.2 * size.max():
            slope = float(np.clip((spread * seconds).sum() / (spread**2).sum(), 0.1 * slope, slope))
        return float(max(0.0, seconds.mean() - slope * size.mean())), float(slope)


class Speeds:
    """The speeds of pipelines, by what identifies them."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Speed] = {}

    def of(self, key: Hashable) -> Speed:
        """The speed of a pipeline."""
        return self._known.get(key) or Speed()

    def learn(self, key: Hashable, seconds: float, pixels: int, times: float) -> None:
        """Take in a run on so many pixels."""
        speed = self._known.setdefault(key, Speed())
        speed.add(pixels / 1e6, seconds)
        speed.times = times

    def pixels(self, key: Hashable, wanted: float, finer: int) -> float:
        """How many pixels an answer may have of those that are wanted; at least 1."""
        start, rate = self.of(key).line
        if start + rate * wanted / 1e6 <= ONE_ANSWER:
            return wanted
        left = SECONDS[min(finer, len(SECONDS) - 1)] - start
        return min(wanted, max(1.0, left / rate * 1e6))
