"""How fast pipelines are on this machine now, learned from their runs, and so how many pixels a preview may have."""

from collections.abc import Hashable
from dataclasses import dataclass

ONE_ANSWER = 0.5
"""Seconds in which a preview as fine as the screen comes at once, without a coarse one before."""
SECONDS = (0.18, 0.9, 3.0, 20.0)
"""Seconds for the first, coarse answer about a view, and for finer ones; the last is for somebody who waits."""
UNKNOWN = 1.5
"""Seconds a megapixel of a pipeline that has not run yet."""


@dataclass(frozen=True)
class Speed:
    """What is known of a pipeline."""

    rate: float = UNKNOWN
    """Seconds a megapixel of the input."""
    times: float = 1.0
    """Width of the result as a multiple of that of the input."""


class Speeds:
    """Speeds of pipelines, by what identifies them; the last run counts, since other work comes and goes."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Speed] = {}

    def of(self, key: Hashable) -> Speed:
        """The speed of a pipeline."""
        return self._known.get(key, Speed())

    def learn(self, key: Hashable, seconds: float, pixels: int, times: float) -> None:
        """Take in a run on so many pixels."""
        self._known[key] = Speed(seconds / pixels * 1e6, times)

    def pixels(self, key: Hashable, wanted: float, finer: int) -> float:
        """How many pixels an answer may have of those that are wanted."""
        rate = self.of(key).rate / 1e6
        if wanted * rate <= ONE_ANSWER:
            return wanted
        return min(wanted, SECONDS[min(finer, len(SECONDS) - 1)] / rate)
