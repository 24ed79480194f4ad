"""Focus: the finest latents say which picture is sharp where, and its pixels are copied."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from vaeedit.api import Frame
from vaeedit_fuse.arrays import Array, Map, blurred, luma
from vaeedit_fuse.rule import Rule
from vaeedit_fuse.weights import smoothed, strongest

RADIUS = 2
"""Grid places on either side over which activity is averaged."""
SMALLEST = 0.005
"""Regions below this share of the picture join their surroundings."""


class Focus(Rule):
    """A decision by place; nothing is decoded."""

    def encoded(self) -> Sequence[Frame]:
        """The pictures."""
        return self.pictures

    def weights(self, rank: int, activities: Tensor) -> Tensor:
        """The most active takes a place."""
        return strongest(smoothed(activities, RADIUS))

    def finished(self, joined: Array, decoded: Sequence[Array], shares: Sequence[Map]) -> Frame:
        """Pixels of the pictures; only near a border between regions they mix."""
        weights = decision(shares, luma(self.first.floats()))
        parts = [
            weight[..., None] * frame.floats() for weight, frame in zip(weights, self.pictures, strict=True)
        ]
        return self.first.with_floats(np.sum(parts, 0))


def decision(shares: Sequence[Map], guide: Map, *, smallest: float = SMALLEST, radius: int = 4) -> list[Map]:
    """Weights (H, W) that sum to 1, exactly 0 or 1 but near the borders between regions, which follow the edges of the guide.

    Each pixel takes the picture of the largest share; small regions join their surroundings; a guided filter (He, Sun &
    Tang 2013) of `radius` pixels softens the borders.
    """
    winner = np.argmax(np.stack(shares), axis=0).astype(np.uint8)
    weights = []
    for number in range(len(shares)):
        region = _without_specks((winner == number).astype(np.uint8), smallest)
        weights.append(_guided(region.astype(np.float32), guide, radius, 1e-2))
    total = np.sum(weights, 0)
    lost = total <= 0  # small regions that every picture gave up
    found = [
        np.where(lost, winner == k, weight / np.where(lost, 1, total)) for k, weight in enumerate(weights)
    ]
    return [each.astype(np.float32) for each in found]


def _without_specks(region: NDArray[np.uint8], smallest: float) -> NDArray[np.uint8]:
    """A region without small islands, its small holes filled."""
    for value in (1, 0):
        count, labels, facts, _ = cv2.connectedComponentsWithStats(
            (region == value).astype(np.uint8), connectivity=4
        )
        small = facts[:, cv2.CC_STAT_AREA] < smallest * region.size
        small[0] = False  # the rest
        region = np.where(small[labels], 1 - value, region).astype(np.uint8) if count > 1 else region
    return region


def _guided(x: Map, guide: Map, radius: int, epsilon: float) -> Map:
    """Guided filter with box windows, drawn out a little so that it reaches 0 and 1."""

    def mean(y: Map) -> Map:
        return blurred(y, radius)

    mean_g, mean_x = mean(guide), mean(x)
    slope = (mean(guide * x) - mean_g * mean_x) / (mean(guide * guide) - mean_g**2 + epsilon)
    found = mean(slope) * guide + mean(mean_x - slope * mean_g)
    return np.asarray(np.clip(1.04 * found - 0.02, 0, 1), np.float32)
