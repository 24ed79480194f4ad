"""Converts two pictures to one size, depth and number of channels."""

import math
from dataclasses import replace

import numpy as np

from vaeedit.api import Frame, resized


def pair(a: Frame, b: Frame, side: int | None) -> tuple[Frame, Frame]:
    """Both pictures with the size (at most `side` pixels long) and depth of `a`, in color or with alpha if one of them is."""
    scale = min(1.0, side / max(a.height, a.width)) if side else 1.0
    size = (max(1, round(a.height * scale)), max(1, round(a.width * scale)))
    channels, alpha = max(a.channels, b.channels), a.alpha is not None or b.alpha is not None
    return tuple(_like(a, frame, size, channels, alpha) for frame in (a, b))  # type: ignore[return-value]


def _like(model: Frame, frame: Frame, size: tuple[int, int], channels: int, with_alpha: bool) -> Frame:
    pixels = _covering(frame.floats(), size)
    pixels = np.repeat(pixels, 3, 2) if pixels.shape[2] < channels else pixels
    made = replace(model, alpha=None).with_floats(pixels)
    if not with_alpha:
        return made
    opaque = np.ones((frame.height, frame.width), np.float32)
    alpha = opaque if frame.alpha is None else frame.alpha.astype(np.float32) / np.float32(frame.peak)
    return replace(made, alpha=made.with_floats(_covering(alpha[..., None], size)).pixels[..., 0])


def _covering(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Values (h, w, C), resized with their proportions until they cover `size` (H, W), and cropped around the center."""
    height, width = values.shape[:2]
    if (height, width) == size:
        return values
    scale = max(size[0] / height, size[1] / width)
    rows, columns = (
        max(want, math.ceil(has * scale - 1e-6)) for want, has in zip(size, (height, width), strict=True)
    )
    top, left = (rows - size[0]) // 2, (columns - size[1]) // 2
    return resized(values, rows, columns)[top : top + size[0], left : left + size[1]]
