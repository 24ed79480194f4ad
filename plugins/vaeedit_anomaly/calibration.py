"""What an anomaly map means: how often a normal image shows as much, learned on normal images that were held out.

Every map is compared with what is usual at its place (`places`) and turned into -log10 p, -log10 of the share of held-out
normal pixels that deviate as far. The -log10 p of the restorer's maps are averaged, and these with that of the texture,
Fisher's way to combine tests (1925), at several scales (`scales`). An image's score is the mean of the least probable share
of its pixels; its p-value is the share of held-out normal images that score as high. Beyond what was held out, tails are
exponential.
"""

import math
from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from vaeedit_anomaly.places import Map, Places, blurred
from vaeedit_anomaly.scales import Scales
from vaeedit_anomaly.sizes import Preparation
from vaeedit_anomaly.texture import TEXTURE

Array = NDArray[np.float64]
TOP = 0.002
"""Share of an image's pixels that its score is the mean of: within the .1 to 1 % that are usual."""
LEVELS = 24
"""Points of a stored tail, from all values to one of them, at equal distances of -log10 p."""
SMOOTH = 2.0
"""Standard deviation, in pixels of the working size, of the blur of every map."""
CEILING = 12.0
"""Largest -log10 p of a pixel: an exponential tail is not believed any further."""


class Tail(msgspec.Struct, frozen=True):
    """How rare large values are: minus log10 of the share above each of some values, and how the tail goes on."""

    values: tuple[float, ...]
    neg_log_ps: tuple[float, ...]
    decay: float
    """Value by which a tail falls by a factor of 10."""

    def __post_init__(self) -> None:
        if (
            not 0 < len(self.values) == len(self.neg_log_ps)
            or not np.isfinite([self.values, self.neg_log_ps]).all()
        ):
            raise ValueError("a tail must have as many values as -log10 p, all of them finite")
        if (
            any((np.diff(grows) <= 0).any() for grows in (self.values, self.neg_log_ps))
            or self.neg_log_ps[0] < 0
        ):
            raise ValueError("a tail must grow")
        if not 0 < self.decay < math.inf:
            raise ValueError("a tail must fall")

    @classmethod
    def of(cls, values: Array) -> "Tail":
        """From all values of normal images; at least one."""
        ordered = np.sort(np.asarray(values, np.float64).ravel())[::-1]
        count = len(ordered)
        ranks = np.unique(np.geomspace(1, count, LEVELS).round().astype(int))[::-1]
        points: dict[float, float] = {}
        for rank in ranks:  # of equal values, the share that reaches them is the largest rank
            points.setdefault(float(ordered[rank - 1]), float(-np.log10(rank / (count + 1))))
        tail = ordered[: max(3, round(count**0.5))]
        spread = float(np.mean(tail[:-1] - tail[-1])) if count > 3 else float(np.std(ordered))
        return cls(tuple(points), tuple(points.values()), max(spread * math.log(10), 1e-9))

    def neg_log_p(self, values: Array) -> Array:
        """-log10 of the share of normal values that are at least as large, continuous and growing; 0 below all of them."""
        inside = np.interp(values, self.values, self.neg_log_ps, left=0.0)
        beyond = np.maximum(values - self.values[-1], 0) / self.decay
        found: Array = inside + beyond
        return found

    def value(self, neg_log_p: float) -> float:
        """The value of this -log10 p: the inverse of `neg_log_p`."""
        if neg_log_p > self.neg_log_ps[-1]:
            return self.values[-1] + (neg_log_p - self.neg_log_ps[-1]) * self.decay
        return float(np.interp(neg_log_p, self.neg_log_ps, self.values))


class Usual(msgspec.Struct, frozen=True):
    """What normal images show of one kind of anomaly map."""

    places: Places
    tail: Tail
    """Of deviations from what is usual at the place."""

    def neg_log_p(self, anomaly_map: Map) -> Map:
        """Of an anomaly map (H, W); at most `CEILING`."""
        deviation = self.places.standardized(anomaly_map).astype(np.float64)
        return self.tail.neg_log_p(deviation).clip(0, CEILING).astype(np.float32)


class Calibration(msgspec.Struct, frozen=True):
    """Everything about held-out normal images that scoring needs; it travels in the VAE file's header."""

    preparation: Preparation
    areas: tuple[float, float]
    """Fewest and most pixels of the normal images, at their own size."""
    maps: dict[str, Usual]
    scales: Scales
    scores: Tail
    held_out: int
    false_alarms: float = 0.01

    def __post_init__(self) -> None:
        if not 0 < self.areas[0] <= self.areas[1] < math.inf or self.held_out < 1:
            raise ValueError("there must be normal images, of some size")
        if not 0 < self.false_alarms < 1:
            raise ValueError("the share of false alarms must lie between 0 and 1")

    def map_of(self, found: Mapping[str, Tensor]) -> Map:
        """How improbable every pixel is (H, W), by anomaly maps (1, 1, H, W); positive."""
        return self.scales.joined(fused(found, self.maps))

    def limit(self, false_alarms: float) -> float:
        """The score that this share of normal images exceeds, and from which a pixel is marked."""
        return self.scores.value(-math.log10(false_alarms))

    def p_value(self, score: float) -> float:
        """Share of normal images that score at least as high."""
        return 10 ** -min(float(self.scores.neg_log_p(np.array(score))), 300.0)


def plane(grid: Tensor) -> Map:
    """A map (1, 1, H, W) as an array (H, W), smoothed: what single pixels show is noise."""
    return blurred(np.asarray(grid[0, 0].float().cpu().numpy(), np.float32), SMOOTH)


def fused(found: Mapping[str, Tensor], maps: Mapping[str, Usual]) -> Map:
    """The mean -log10 p of the maps (H, W) that `maps` knows; each map is (1, 1, H, W)."""
    return mean_neg_log_p({name: usual.neg_log_p(plane(found[name])) for name, usual in maps.items()})


def mean_neg_log_p(neg_log_ps: Mapping[str, Map]) -> Map:
    """The weighted mean of -log10 p (H, W) by the name of their anomaly map; at least one.

    Texture counts for as much as all that the restorer says: the two look at an image in ways of their own.
    """
    restorer = [neg_log_p for name, neg_log_p in neg_log_ps.items() if name != TEXTURE]
    parts = [np.mean(restorer, 0)] if restorer else []
    parts += [neg_log_ps[TEXTURE]] if TEXTURE in neg_log_ps else []
    return np.asarray(np.mean(parts, 0), np.float32)


def image_score(neg_log_p: Map) -> float:
    """Mean of the least probable share `TOP` of the pixels."""
    count = max(1, round(TOP * neg_log_p.size))
    return float(np.partition(neg_log_p.ravel(), -count)[-count:].mean())
