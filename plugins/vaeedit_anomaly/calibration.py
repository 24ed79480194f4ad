"""From anomaly maps to p-values, calibrated on held-out normal images.

Every map is compared with the usual values at each place (`places`) and converted to -log10 p, where p is the share of
held-out normal pixels that deviate as far. The weighted mean of -log10 p of all maps (Fisher's method to combine tests, 1925)
is compared with that of normal pixels at several scales (`scales`). The score of an
image is the mean of the least probable share of its pixels; its p-value is the share of held-out normal images with such a
score. Tails are extrapolated exponentially.
"""

import math
from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from vaeedit.api import UsageError
from vaeedit_anomaly.places import Map, Places, blurred
from vaeedit_anomaly.scales import Scales
from vaeedit_anomaly.sizes import Preparation
from vaeedit_anomaly.texture import JUDGE, TEXTURE
from vaeedit_anomaly.threads import mapped

Array = NDArray[np.float64]
TOP = 0.0005
"""Share of an image's pixels whose mean is its score; small, so that small defects fill it."""
WEIGHTS = {TEXTURE: 0.5, JUDGE: 1.5}
"""Weights of maps that the restorer has not made; all maps of the restorer together have 1.

Texture and judge see the same deviations, and the judge has learned which of them matter.
"""
FAST = (TEXTURE, JUDGE)
"""Maps of fast scores, which need no network of images."""
DEFECTIVE = 0.04
"""Share of the highest scores of held-out images that may be those of defects."""
LEVELS = 24
"""Points of a stored tail, at equal distances of -log10 p."""
SMOOTH = 2.0
"""Standard deviation of the blur of every map, in pixels of the working size."""
CEILING = 12.0
"""Largest -log10 p of a pixel; the exponential tail is not reliable beyond it."""


class Tail(msgspec.Struct, frozen=True):
    """The tail of a distribution: -log10 of the share of values above some points, and the decay beyond them."""

    values: tuple[float, ...]
    neg_log_ps: tuple[float, ...]
    decay: float
    """Distance over which the tail falls by a factor of 10."""

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
        """The tail of values of any shape, at least one."""
        ordered = np.sort(np.asarray(values, np.float64).ravel())[::-1]
        count = len(ordered)
        return cls._with_decay(ordered, 1, max(3, round(count**0.5)))

    @classmethod
    def of_few(cls, values: Array) -> "Tail":
        """The same for few values, whose largest ones say little each: beyond 2 sqrt(N) of them it is the exponential.

        It is the one of maximum likelihood for the values beyond (peaks over threshold, Pickands 1975). Of the `DEFECTIVE`
        share only their number is used (censoring of type II): an unknown defect among normal images cannot set the tail.
        """
        ordered = np.sort(np.asarray(values, np.float64).ravel())[::-1]
        first = min(max(3, round(2 * len(ordered) ** 0.5)), len(ordered))
        censored = min(round(DEFECTIVE * len(ordered)), first // 4)
        return cls._with_decay(ordered, first, first, censored)

    @classmethod
    def _with_decay(cls, ordered: Array, first: int, used: int, censored: int = 0) -> "Tail":
        """The tail of decreasing values (N,) from the rank `first` on.

        `used` values determine its decay; the largest `censored` of them count as at least as large as the next one.
        """
        count = len(ordered)
        ranks = np.unique(np.geomspace(first, count, LEVELS).round().astype(int))[::-1]
        points: dict[float, float] = {}
        for rank in ranks:  # of equal values, the share that reaches them is the largest rank
            points.setdefault(float(ordered[rank - 1]), float(-np.log10(rank / (count + 1))))
        spread = float(np.std(ordered))
        if count > 3:
            excess = np.minimum(ordered[: used - 1], ordered[censored]) - ordered[used - 1]
            spread = float(excess.sum()) / (used - 1 - censored)
        return cls(tuple(points), tuple(points.values()), max(spread * math.log(10), 1e-9))

    def neg_log_p(self, values: Array) -> Array:
        """-log10 of the share of normal values at least as large as each of `values`; same shape, 0 or more, increasing."""
        inside: Array = np.interp(values, self.values, self.neg_log_ps, left=0.0)
        return inside + np.maximum(values - self.values[-1], 0) / self.decay

    def value(self, neg_log_p: float) -> float:
        """The value with this -log10 p: the inverse of the method `neg_log_p`."""
        if neg_log_p > self.neg_log_ps[-1]:
            return self.values[-1] + (neg_log_p - self.neg_log_ps[-1]) * self.decay
        return float(np.interp(neg_log_p, self.neg_log_ps, self.values))


class Usual(msgspec.Struct, frozen=True):
    """Statistics of one kind of anomaly map over normal images."""

    places: Places
    tail: Tail
    """The tail of deviations, standardized at each place."""

    def neg_log_p(self, anomaly_map: Map) -> Map:
        """-log10 p (H, W) of an anomaly map (H, W), from 0 to `CEILING`."""
        deviation = self.places.standardized(anomaly_map).astype(np.float64)
        return self.tail.neg_log_p(deviation).clip(0, CEILING).astype(np.float32)


class Fusion(msgspec.Struct, frozen=True):
    """Statistics of the scores that some of the maps make together: members of `Calibration`."""

    scales: Scales
    scores: Tail
    held_out_scores: tuple[float, ...]


class Calibration(msgspec.Struct, frozen=True):
    """The statistics of held-out normal images that scoring needs; they are stored in the header of the VAE file."""

    preparation: Preparation
    areas: tuple[float, float]
    """Smallest and largest number of pixels of a normal image at its original size."""
    maps: dict[str, Usual]
    scales: Scales
    scores: Tail
    held_out: int
    false_alarms: float = 0.01
    held_out_scores: tuple[float, ...] = ()
    """The score of each held-out image; empty in files of older versions."""
    fast: Fusion | None = None
    """Statistics of fast scores; None in files of older versions, and without maps of `FAST`."""

    def __post_init__(self) -> None:
        if not 0 < self.areas[0] <= self.areas[1] < math.inf or self.held_out < 1:
            raise ValueError("areas must be positive numbers in order, and held_out at least 1")
        fast = self.fast.held_out_scores if self.fast else ()
        known = all(len(scores) in (0, self.held_out) for scores in (self.held_out_scores, fast))
        if not known or not np.isfinite([*self.held_out_scores, *fast]).all():
            raise ValueError("there must be a finite score for each held-out image, or none at all")
        if not 0 < self.false_alarms < 1:
            raise ValueError("the share of false alarms must lie between 0 and 1")

    def for_fast(self, name: str) -> "Calibration":
        """The calibration of scores by the maps of `FAST` alone; raises UsageError if the model `name` has none."""
        if self.fast is None:
            raise UsageError(
                f"The model {name} has no calibration of fast scores; fit it again, or recalibrate it: "
                "vaeedit anomaly recalibrate."
            )
        maps = {name: usual for name, usual in self.maps.items() if name in FAST}
        own = {field: getattr(self.fast, field) for field in self.fast.__struct_fields__}
        return msgspec.structs.replace(self, maps=maps, fast=None, **own)

    def map_of(self, anomaly_maps: Mapping[str, Tensor]) -> Map:
        """How improbable each pixel is, (H, W) above 0, from anomaly maps (1, 1, H, W) by name."""
        return self.scales.joined(fused(anomaly_maps, self.maps))

    def limit(self, false_alarms: float) -> float:
        """The score that this share of normal images exceeds; a pixel above it is marked."""
        return self.scores.value(-math.log10(false_alarms))

    def p_value(self, score: float) -> float:
        """The share of normal images with at least this score."""
        return 10 ** -min(float(self.scores.neg_log_p(np.array(score))), 300.0)


def plane(grid: Tensor) -> Map:
    """A map (1, 1, H, W) as an array (H, W), blurred, because single pixels are mostly noise."""
    return blurred(np.asarray(grid[0, 0].float().cpu().numpy(), np.float32), SMOOTH)


def fused(anomaly_maps: Mapping[str, Tensor], maps: Mapping[str, Usual]) -> Map:
    """The mean -log10 p (H, W) of the anomaly maps (1, 1, H, W) with statistics in `maps`."""
    found = mapped(lambda name: maps[name].neg_log_p(plane(anomaly_maps[name])), list(maps))
    return mean_neg_log_p(dict(zip(maps, found, strict=True)))


def mean_neg_log_p(neg_log_ps: Mapping[str, Map]) -> Map:
    """The mean (H, W), weighted by `WEIGHTS`, of -log10 p (H, W) by the name of their anomaly map; at least one."""
    restorer = len(neg_log_ps.keys() - WEIGHTS.keys())
    weights = [WEIGHTS.get(name) or 1 / restorer for name in neg_log_ps]
    return np.asarray(np.average([*neg_log_ps.values()], 0, weights), np.float32)


def image_score(neg_log_p: Map, share: float = TOP) -> float:
    """The score of an image: the mean of the largest share of -log10 p (H, W)."""
    count = max(1, round(share * neg_log_p.size))
    return float(np.partition(neg_log_p.ravel(), -count)[-count:].mean())
