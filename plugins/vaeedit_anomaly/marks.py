"""Synthetic marks: thin crooked lines and small spots, darker or brighter, like cracks, scratches and pores.

They are what pieces of other pictures rarely are.
"""

import cv2
import numpy as np
import torch
from torch import Generator, Tensor

from vaeedit_anomaly.defects import Spoiled, label

LINES = 0.6
"""Share of the marks that are lines; the others are spots."""
DARKER = 0.7
"""Share of the pictures whose marks are darker than their surroundings."""


def marks(x: Tensor, donors: Tensor, generator: Generator) -> Spoiled:
    """Draws one to three marks into each image; a kind of defect as described in `defects`."""
    masks, gains = [], []
    for _ in range(len(x)):
        random = np.random.default_rng(int(torch.randint(2**31, (), generator=generator)))
        masks.append(_mask((x.shape[2], x.shape[3]), random))
        gain = np.exp(random.uniform(np.log(0.15), np.log(0.6)))
        gains.append(-gain if random.random() < DARKER else 0.8 * gain)
    mask = torch.from_numpy(np.stack(masks))[:, None].to(x)
    gain = torch.tensor(gains, dtype=x.dtype, device=x.device).view(-1, 1, 1, 1)
    spoiled = (x * (1 + gain * mask)).clamp(0, 1)
    return spoiled, label(x, spoiled, (mask > 0.1).to(x))


def _mask(size: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """Marks on an empty picture (H, W), float32 in [0, 1]."""
    mask = np.zeros(size, np.float32)
    for _ in range(random.integers(1, 4)):
        (_line if random.random() < LINES else _spot)(mask, random)
    return cv2.GaussianBlur(mask, (0, 0), random.uniform(0.3, 1.2))


def _line(mask: np.ndarray, random: np.random.Generator) -> None:
    """Draws a line whose direction is a random walk."""
    directions = random.uniform(0, 2 * np.pi) + random.normal(0, 0.35, random.integers(3, 9)).cumsum()
    step = np.exp(random.uniform(np.log(0.01), np.log(0.08))) * min(mask.shape)
    moves = step * np.cumsum(np.stack([np.cos(directions), np.sin(directions)], 1), 0)
    points = np.array(_place(mask, random)) + moves
    cv2.polylines(mask, [points.astype(np.int32)], False, 1.0, int(random.integers(1, 4)), cv2.LINE_AA)


def _spot(mask: np.ndarray, random: np.random.Generator) -> None:
    """Draws an ellipse of 3 pixels to a tenth of the picture."""
    largest = max(0.05 * min(mask.shape), 2.0)
    axes = np.exp(random.uniform(np.log(1.5), np.log(largest), 2)).round().astype(int)
    center = [int(side) for side in _place(mask, random)]
    angle = random.uniform(0, 360)
    cv2.ellipse(mask, center, (int(axes[0]), int(axes[1])), angle, 0, 360, 1.0, -1, cv2.LINE_AA)


def _place(mask: np.ndarray, random: np.random.Generator) -> tuple[float, float]:
    """A random point, as column and row."""
    height, width = mask.shape
    return random.uniform(0, width), random.uniform(0, height)
