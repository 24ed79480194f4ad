"""Pictures as notebooks display them: small, in sRGB, of a limited number of bytes."""

import io
from dataclasses import replace

import cv2
import numpy as np

from vaeedit.image.color import working
from vaeedit.image.frame import Frame, Metadata, Pixels

SIDE = 1024
"""Most pixels of a displayed picture in width and in height."""
BESIDE = 480
"""The same for a picture that stands beside others."""
BYTES = 1_000_000
"""Most bytes of a displayed picture; one that compresses badly is made smaller."""


def small(frame: Frame, side: int = SIDE) -> Frame:
    """The picture in 8 bits and sRGB, without metadata, at most `side` pixels wide and high: averages of areas.

    Colors are weighted by alpha. Values that are not numbers are black.
    """
    pixels, alpha = frame.pixels, frame.alpha
    factor = side / max(frame.width, frame.height)
    if factor < 1:
        size = max(1, round(frame.width * factor)), max(1, round(frame.height * factor))
        pixels, alpha = _shrunk(pixels, alpha, size)
    alpha = None if alpha is None else np.nan_to_num(alpha)
    shown = Frame(np.nan_to_num(pixels), alpha, Metadata(icc=frame.metadata.icc))
    return replace(working(shown).as_depth(8), metadata=Metadata())


def png_of(frame: Frame, side: int = SIDE, most: int = BYTES) -> bytes:
    """A PNG of `small(frame, side)`, of fewer pixels where it would take more than `most` bytes."""
    while True:
        shown, buffer = small(frame, side), io.BytesIO()
        shown.image.save(buffer, "PNG")
        longest = max(shown.width, shown.height)
        if buffer.tell() <= most or longest == 1:
            return buffer.getvalue()
        side = min(longest - 1, int(longest * 0.95 * (most / buffer.tell()) ** 0.5)) or 1


def _shrunk(pixels: Pixels, alpha: Pixels | None, size: tuple[int, int]) -> tuple[Pixels, Pixels | None]:
    """Pixels (H, W, C) and alpha (H, W) at the size (width, height), in their dtype."""
    if alpha is None:
        return _averaged(pixels, size), None
    weights = alpha.astype(np.float32)
    opacity = _averaged(weights[..., None], size)
    colors = _averaged(pixels * weights[..., None], size) / np.maximum(opacity, 1e-6)
    if pixels.dtype.kind == "u":
        colors, opacity = np.rint(colors), np.rint(opacity)
    return colors.astype(pixels.dtype), opacity[..., 0].astype(alpha.dtype)


def _averaged(values: Pixels, size: tuple[int, int]) -> Pixels:
    shrunk = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    return shrunk.reshape(size[1], size[0], values.shape[2])
