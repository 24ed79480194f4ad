"""Optical flow between two pictures, and both pictures moved along it, where it can be trusted."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vaeedit.api import luma

Array = NDArray[np.float32]
SIDE = 640
"""Longer side in pixels of the pictures whose flow is computed."""
SMALLEST = 32
"""A shorter side in pixels below which no flow is computed."""
SPREAD = 16
"""The motion of a place without a match is that of its surroundings within the picture's shorter side divided by this."""
EVEN = np.float32(1e-3)
"""Trust that every place has, so that pictures mix evenly where neither is trusted."""
STEPS = 8
"""Fixed-point steps that find where a place came from."""


@dataclass(frozen=True)
class Flow:
    """Motion (H, W, 2) in pixels from each of two pictures to the other, and trust in it (H, W), from 0 to 1."""

    forth: Array
    back: Array
    trust: tuple[Array, Array]

    def between(self, a: Array, b: Array, t: float) -> tuple[Array, Array]:
        """The moving picture (H, W, C) at t from 0 to 1 of a and b (H, W, C), and the share (H, W, 1) that it should have."""
        from_a, from_b = _origin(self.forth, t), _origin(self.back, 1 - t)
        trust_a, trust_b = (  # linear: a cubic overshoots, and the parts must not be negative
            _at(trust, origin, cv2.INTER_LINEAR)
            for trust, origin in zip(self.trust, (from_a, from_b), strict=True)
        )
        parts = (1 - t) * (trust_a + EVEN), t * (trust_b + EVEN)  # what is hidden in one comes from the other
        moved = (parts[0] * _at(a, from_a) + parts[1] * _at(b, from_b)) / (parts[0] + parts[1])
        share = _smooth(np.maximum(trust_a, trust_b)[..., 0], 2)
        return np.asarray(moved, np.float32), share[..., None].clip(0, 1)


def flow_of(a: Array, b: Array) -> Flow | None:
    """The flow between pictures (H, W, C) in [0, 1] by DIS (Kroeger et al. 2016); None if they do not match anywhere.

    It is trusted where the way there and back leads to the same place, and so does most of the surroundings.
    """
    height, width = a.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    if scale * min(height, width) < SMALLEST:
        return None
    small = [cv2.resize(luma(x), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) for x in (a, b)]
    grays = [np.rint(x.clip(0, 1) * 255).astype(np.uint8) for x in small]
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    ways = [np.asarray(dis.calc(*pair, None), np.float32) for pair in (grays, grays[::-1])]  # type: ignore[call-overload]
    trust = [_trust(*pair) for pair in (ways, ways[::-1])]
    if max(each.mean() for each in trust) < 0.1:
        return None
    filled = [_filled(way, each) for way, each in zip(ways, trust, strict=True)]
    forth, back = (_enlarged(way, height, width) / np.float32(scale) for way in filled)
    return Flow(forth, back, (_enlarged(trust[0], height, width), _enlarged(trust[1], height, width)))


def _trust(there: Array, back: Array) -> Array:
    """Trust (h, w) in a motion (h, w, 2), by the distance of a place to itself after the way there and back."""
    distance = np.linalg.norm(there + _at(back, _grid(there) + there), axis=2)
    alone = np.exp(-np.square(distance / (1 + 0.05 * np.linalg.norm(there, axis=2))))
    around = _smooth(alone, min(alone.shape) / SPREAD)
    trust: Array = alone * np.clip(4 * around - 1, 0, 1)  # single matches are accidents
    return trust


def _filled(way: Array, trust: Array) -> Array:
    """The motion, continued smoothly to places without trust; it fades to none far from any match."""
    wide = min(trust.shape) / SPREAD
    around = _smooth(trust[..., None] * way, wide) / (_smooth(trust, wide)[..., None] + 0.05)
    filled: Array = around + trust[..., None] * (way - around)
    return filled


def _origin(way: Array, t: float) -> Array:
    """Where each place at t came from: p with p + t way(p) = x, (H, W, 2)."""
    grid = _grid(way)
    origin = grid
    for _ in range(STEPS):
        origin = grid - np.float32(t) * _at(way, origin, cv2.INTER_LINEAR)
    return origin


def _at(values: Array, places: Array, how: int = cv2.INTER_CUBIC) -> Array:
    """Values (H, W, C) or (H, W) at places (H, W, 2) of columns and rows, (H, W, C); the border is repeated."""
    found = cv2.remap(values, places, None, how, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    return np.asarray(found, np.float32).reshape(*places.shape[:2], -1)


def _grid(way: Array) -> Array:
    rows, columns = np.mgrid[: way.shape[0], : way.shape[1]].astype(np.float32)
    return np.stack([columns, rows], 2)


def _smooth(x: Array, sigma: float) -> Array:
    return np.asarray(cv2.GaussianBlur(x, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), np.float32)


def _enlarged(x: Array, height: int, width: int) -> Array:
    return np.asarray(cv2.resize(x, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
