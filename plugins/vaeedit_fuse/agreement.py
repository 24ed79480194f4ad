"""How well two pictures agree: whether their edges have the same directions at the same places."""

import cv2
import numpy as np

from vaeedit.api import Frame, luma
from vaeedit_fuse.arrays import Array, Map

SIDE = 128
"""Longer side in pixels of the pictures that are compared."""
LEAST = 0.1
"""Agreement below which pictures are taken for unrelated; `python benchmarks/agreement.py` counts the errors."""


def agreement(first: Frame, other: Frame) -> float:
    """From about 0 (unrelated) to 1 (all edges agree) for pictures of one size; 1 if one of them has no edges.

    Directions of gradients are compared, not their signs, so that a negative, another exposure or another sensor agrees too
    (normalized gradient fields, Haber & Modersitzki 2006). What directions that are frequent in both would have in
    common by chance is subtracted.
    """
    weights, directions = zip(*(_edges(frame) for frame in (first, other)), strict=True)
    both = weights[0] * weights[1]
    if both.sum() < 1e-6:
        return 1.0
    means = [(w * d).sum((1, 2)) / w.sum() for w, d in zip(weights, directions, strict=True)]
    return float((both * directions[0] * directions[1]).sum() / both.sum() - (means[0] * means[1]).sum())


def _edges(frame: Frame) -> tuple[Map, Array]:
    """Weights (h, w) of a picture's edges, from 0 to 1, and cosine and sine of twice their angle, (2, h, w)."""
    scale = min(1.0, SIDE / max(frame.height, frame.width))
    gray = cv2.resize(luma(frame.floats()), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    gray = cv2.GaussianBlur(np.asarray(gray, np.float32), (0, 0), 1)
    dx, dy = (np.asarray(cv2.Sobel(gray, cv2.CV_32F, *order), np.float32) for order in ((1, 0), (0, 1)))
    square = dx * dx + dy * dy
    strength = np.sqrt(square)
    weights = strength / (strength + strength.mean() / 2 + 1e-6)
    directions = np.stack([dx * dx - dy * dy, 2 * dx * dy]) / (square + 1e-12)
    return np.asarray(weights, np.float32), np.asarray(directions, np.float32)
