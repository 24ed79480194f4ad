"""Focus: the latents decide which picture is sharp at each place, and its pixels are copied."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from vaeedit.api import Frame, local_mean, luma
from vaeedit_fuse.arrays import Array, Map, blurred
from vaeedit_fuse.pyramid import fused, mixed
from vaeedit_fuse.rule import Rule
from vaeedit_fuse.weights import shares as shares_of

RADIUS = 1
"""Grid places on each side over which activity is averaged."""
SCALES = 2
"""Scales of the pyramid (Burt & Adelson 1983) in which pictures are joined near borders."""
SMALLEST = 0.002
"""Regions smaller than this share of the picture join their surroundings."""


class Focus(Rule):
    """A decision for each place; nothing is decoded.

    The second level decides: the coarsest holds colors rather than sharpness, and the finest holds noise too.
    """

    def encoded(self) -> Sequence[Frame]:
        """The pictures."""
        return self.pictures

    def weights(self, rank: int, activities: Tensor) -> Tensor:
        """Weights (K, 1, h, w) by the averaged root of the activity, so that few strong places do not outvote the others."""
        return shares_of(local_mean(activities.sqrt(), RADIUS))

    def finished(self, joined: Array, decoded: Sequence[Array], shares: Sequence[Sequence[Map]]) -> Frame:
        """Pixels of the pictures; they mix only near a border between regions, coarse scales more widely than fine ones."""
        values = [frame.floats() for frame in self.pictures]
        weights = decision(shares[min(1, len(shares) - 1)], [luma(pixels) for pixels in values])
        copied = mixed(values, weights)
        near = _near_borders(weights)[..., None]
        return self.first.with_floats(copied + near * (fused(values, weights, mixed, SCALES) - copied))


def decision(votes: Sequence[Map], grays: Sequence[Map]) -> list[Map]:
    """Weights (H, W) of the pictures, which sum to 1, by votes (H, W) from 0 to 1 and luma (H, W) in [0, 1].

    They are exactly 0 or 1 except near borders between regions, which follow edges of the pictures. A guided filter (He, Sun
    & Tang 2013) moves the votes to edges; each pixel takes the picture with most votes; small regions join their
    surroundings; the filter softens the borders.
    """
    guide = _chosen(grays, np.argmax(np.stack(votes), 0))
    winner = np.argmax(np.stack([_guided(vote, guide, 10, 3e-4) for vote in votes]), 0)
    weights = []
    for number in range(len(votes)):
        region = _without_specks((winner == number).astype(np.uint8))
        soft = _guided(region.astype(np.float32), guide, 4, 5e-2)
        weights.append(np.clip(1.04 * soft - 0.02, 0, 1))  # stretched, so that it reaches 0 and 1
    total = np.sum(weights, 0)
    lost = total <= 0  # small regions that belong to no picture now
    return [
        np.where(lost, winner == k, weight / np.where(lost, 1, total)).astype(np.float32)
        for k, weight in enumerate(weights)
    ]


def _near_borders(weights: Sequence[Map]) -> Map:
    """A map (H, W): 1 where weights mix, falling to exactly 0 some pixels away."""
    mixing = (np.max(weights, 0) < 1).astype(np.float32)
    return np.clip(2 * blurred(blurred(mixing, 2), 2), 0, 1)


def _chosen(pictures: Sequence[Map], winner: NDArray[np.intp]) -> Map:
    """At every pixel the value of the picture with most votes."""
    chosen: Map = np.take_along_axis(np.stack(pictures), winner[None], 0)[0]
    return chosen


def _without_specks(region: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A region without small islands, its small holes filled."""
    for value in (1, 0):
        count, labels, facts, _ = cv2.connectedComponentsWithStats(
            (region == value).astype(np.uint8), connectivity=4
        )
        small = facts[:, cv2.CC_STAT_AREA] < SMALLEST * region.size
        small[0] = False  # the background
        region = np.where(small[labels], 1 - value, region).astype(np.uint8) if count > 1 else region
    return region


def _guided(x: Map, guide: Map, radius: int, epsilon: float) -> Map:
    """Guided filter with box windows."""

    def mean(y: Map) -> Map:
        return blurred(y, radius)

    mean_g, mean_x = mean(guide), mean(x)
    slope = (mean(guide * x) - mean_g * mean_x) / (mean(guide * guide) - mean_g**2 + epsilon)
    return mean(slope) * guide + mean(mean_x - slope * mean_g)
