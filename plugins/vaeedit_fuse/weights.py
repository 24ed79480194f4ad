"""Which picture counts where: activity of latents, made into smooth or sharp weights."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

Map = NDArray[np.float32]


def activity(z: Tensor) -> Tensor:
    """Information of latents (1, C, h, w) at every place, (1, 1, h, w), in nats: KL(q || N(0, I)) but for constants."""
    return 0.5 * z.float().square().sum(1, keepdim=True)


def smoothed(x: Tensor, radius: int) -> Tensor:
    """Mean over a square window, cut at the border."""
    return F.avg_pool2d(x, 2 * radius + 1, 1, radius, count_include_pad=False)


def strongest(activities: Sequence[Tensor], power: float) -> Tensor:
    """Weights (K, 1, h, w) by a power of the activity; they sum to 1. An infinite power takes the largest."""
    stacked = torch.cat(list(activities))
    if power == float("inf"):
        return F.one_hot(stacked.argmax(0, keepdim=True), len(stacked)).movedim(-1, 0)[:, 0].to(stacked)
    share = (stacked / stacked.amax(0, keepdim=True).clamp_min(1e-12)).clamp_min(1e-12) ** power
    return share / share.sum(0, keepdim=True)


def decision(activities: Sequence[Map], guide: Map, *, smallest: float = 0.005, radius: int = 8) -> list[Map]:
    """Weights (H, W) that are 0 or 1 but near the borders between regions, which follow the edges of the guide (H, W).

    Each place takes the picture of most activity; regions below `smallest` of the picture join their surroundings; a guided
    filter (He et al. 2013) of `radius` pixels softens the borders.
    """
    winner = np.argmax(np.stack(activities), axis=0).astype(np.uint8)
    weights = []
    for number in range(len(activities)):
        region = _without_specks((winner == number).astype(np.uint8), smallest)
        weights.append(_guided(region.astype(np.float32), guide, radius, 1e-2))
    total = np.maximum(sum(weights), 1e-6)
    return [weight / total for weight in weights]


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
    """Guided filter with box windows."""
    size = (2 * radius + 1, 2 * radius + 1)

    def mean(y: Map) -> Map:
        return np.asarray(cv2.blur(y, size, borderType=cv2.BORDER_REFLECT), np.float32)

    mean_g, mean_x = mean(guide), mean(x)
    slope = (mean(guide * x) - mean_g * mean_x) / (mean(guide * guide) - mean_g**2 + epsilon)
    found = mean(slope) * guide + mean(mean_x - slope * mean_g)
    return np.clip(found, 0, 1)
