"""Tells a painting from a photograph, so that a photograph as a style gives its colors only."""

import cv2
import numpy as np

from vaeedit.api import luma, resized
from vaeedit_style.structure import Image, activity, structure

SIDE = 320
"""Pixels along the longer side at which pictures are compared."""
CELLS = 24
"""Cells along each side in which sharpness is measured."""
FAINT = 2e-3
"""Deviation that counts as none."""
WEIGHTS = (20.8, 0.82, 1.34)
"""Weights of the three signs: the linear discriminant of 20 paintings and 100 photographs."""
PHOTOGRAPH, PAINTING = -6.0, -5.5
"""Sums up to which a picture counts as a photograph, and from which it counts as a painting."""


def painted(image: Image) -> float:
    """From 0, a photograph, to 1, a painting: how a picture (H, W, 3) in [0, 1] looks."""
    total = sum(weight * sign for weight, sign in zip(WEIGHTS, signs(image), strict=True))
    return min(1.0, max(0.0, (total - PHOTOGRAPH) / (PAINTING - PHOTOGRAPH)))


def signs(image: Image) -> tuple[float, float, float]:
    """Evenness of sharpness, activity of the quiet parts, and skewness of the fine detail; all are larger in paintings.

    A brush is equally sharp everywhere, a lens is not; canvas has no empty parts; lights shine in photographs only.
    """
    scale = SIDE / max(image.shape)
    height, width = (max(2, round(size * scale)) for size in image.shape[:2])
    small = resized(image, height, width)
    blurs = [luma(small), *(cv2.GaussianBlur(luma(small), (0, 0), sigma) for sigma in (0.8, 1.6))]
    fine, middle = blurs[0] - blurs[1], blurs[1] - blurs[2]
    sharpness = np.log(_strength(fine) / _strength(middle))
    quiet, busy = np.quantile(activity(small - structure(small, SIDE / 64), SIDE / 64), (0.1, 0.95)) + FAINT
    skew = (middle**3).mean() / ((middle**2).mean() ** 1.5 + FAINT**3)
    return -float(sharpness.std()), float(np.log(quiet / busy)), -float(skew)


def _strength(detail: Image) -> Image:
    """Deviation in each cell."""
    power = cv2.resize(detail**2, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    return np.asarray(np.sqrt(power) + FAINT, np.float32)
