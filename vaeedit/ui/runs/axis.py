"""An axis of a chart: its limits, round ticks, and where a value lies."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

LEAST = 4
"""Fewest ticks where round numbers allow it."""


@dataclass(frozen=True)
class Axis:
    """Maps the values from `low` to `high` to the pixels from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    @classmethod
    def around(cls, values: Iterable[float], start: float, end: float, *, log: bool = False) -> "Axis":
        """The axis that all values fit; a logarithmic one leaves out what is not above 0."""
        kept = [value for value in values if not log or value > 0] or [1.0]
        low, high = min(kept), max(kept)
        if low == high:
            low, high = (low / 2, high * 2) if log else (low - 0.5, high + 0.5)
        return cls(low, high, start, end, log)

    def at(self, value: float) -> float | None:
        """The pixel of a value; None for one outside of a logarithmic axis."""
        if self.log and value <= 0:
            return None
        low, high, value = (math.log(one) if self.log else one for one in (self.low, self.high, value))
        return round(self.start + (value - low) / (high - low) * (self.end - self.start), 1)

    @property
    def ticks(self) -> list[float]:
        """Round values within the limits."""
        powers = self._powers() if self.log else []
        return powers if len(powers) > 1 else self._even()

    def _powers(self) -> list[float]:
        """Powers of ten and, where these are few, other round numbers between them."""
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        ticks: list[float] = []
        for factors in ((1,), (1, 3), (1, 2, 5)):
            if len(ticks) < LEAST:
                ticks = [factor * 10.0**power for power in powers for factor in factors]
                ticks = [tick for tick in ticks if self.low <= tick <= self.high]
        return ticks

    def _even(self) -> list[float]:
        """Numbers at a round distance."""
        step = 10 ** math.floor(math.log10((self.high - self.low) / LEAST))
        step *= max(
            factor for factor in (1, 2, 5) if (self.high - self.low) / (factor * step) >= LEAST - 1e-6
        )
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


def short(value: float) -> str:
    """A number for an axis or a table: 12k for 12000, at most 5 digits of others."""
    if abs(value) >= 1e6:
        return f"{value / 1e6:.4g}M"
    if abs(value) >= 1e4:
        return f"{value / 1e3:.4g}k"
    return f"{value:.5g}"
