"""The difference of two pictures of one size: figures, and a picture of it. Works in strips, so large pictures fit."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaeedit.evaluation.metrics import ssim
from vaeedit.image import Frame

PROTOCOL = "all pixels in sRGB, 0 to 255, gray as RGB; SSIM with a Gaussian window of 1.5 pixels, mean of the channels"
ROWS = 512
"""Height of a strip."""
MARGIN = 5
"""Pixels around each for which SSIM has no value."""
OUTLIERS = 0.001
"""Share of the values that may be cut off where a picture of the difference is brightened."""


@dataclass(frozen=True)
class Difference:
    """Figures in units of 255; `place` is the column and row of the largest difference."""

    psnr: float
    ssim: float
    largest: float
    place: tuple[int, int]
    changed: float
    """Share of the pixels that differ."""
    alpha: float
    """Largest difference of alpha; a picture without alpha is opaque."""

    def row(self) -> dict[str, Any]:
        """The figures, rounded, for a table or JSON; infinity, for equal pictures, is None."""
        return {
            "psnr": None if np.isinf(self.psnr) else round(self.psnr, 2),
            "ssim": None if np.isnan(self.ssim) else round(self.ssim, 4),
            "largest": round(self.largest, 2),
            "at": list(self.place),
            "changed": round(self.changed, 4),
            "alpha": round(self.alpha, 2),
            "protocol": PROTOCOL,
        }

    def lines(self) -> list[str]:
        """The figures as text."""
        column, row = self.place
        equal = "equal" if not self.largest else f"{self.psnr:.2f} dB"
        lines = [
            f"PSNR: {equal}",
            f"SSIM: {self.ssim:.4f}",
            f"largest difference: {self.largest:.4g} of 255, at column {column}, row {row}",
            f"pixels that differ: {100 * self.changed:.4g} %",
        ]
        lines += [f"largest difference of alpha: {self.alpha:.4g} of 255"] if self.alpha else []
        return [*lines, f"protocol: {PROTOCOL}"]


def difference(a: Frame, b: Frame) -> Difference:
    """The difference of two frames of one size; raises ValueError for others."""
    if (a.width, a.height) != (b.width, b.height):
        raise ValueError("frames that are compared must have one size")
    squared, similar, weight, changed, largest, place = 0.0, 0.0, 0, 0, 0.0, (0, 0)
    for top, rows, margin in _strips(a.height):
        one, two = _colors(a, rows), _colors(b, rows)
        if (count := len(one) - 2 * MARGIN) > 0:
            similar, weight = similar + ssim(one, two) * count, weight + count
        apart = np.abs(one - two)[margin].max(axis=2)
        squared += float(((one - two)[margin] ** 2).sum())
        changed += int((apart > 0).sum())
        if (peak := float(apart.max())) > largest:
            row, column = np.unravel_index(apart.argmax(), apart.shape)
            largest, place = peak, (int(column), top + int(row))
    mean = squared / (a.height * a.width * 3)
    psnr = float("inf") if mean == 0 else float(10 * np.log10(255**2 / mean))
    alpha = float(np.abs(_alpha(a) - _alpha(b)).max())
    return Difference(
        psnr,
        similar / weight if weight else float("nan"),
        largest,
        place,
        changed / (a.height * a.width),
        alpha,
    )


def difference_picture(a: Frame, b: Frame) -> tuple[Frame, int]:
    """The absolute difference of two frames of one size, 8-bit RGB, and the whole number that it is multiplied by."""
    apart = np.concatenate(
        [np.abs(_colors(a, r) - _colors(b, r))[m].astype(np.float32) for _, r, m in _strips(a.height)]
    )
    top = float(np.quantile(apart.max(axis=2)[::2, ::2], 1 - OUTLIERS)) or float(apart.max())
    times = max(1, int(255 / top)) if top else 1
    return Frame(np.clip(np.rint(apart * times), 0, 255).astype(np.uint8)), times


def _strips(height: int) -> Iterator[tuple[int, slice, slice]]:
    """First row, rows with the margins around them, and the rows without the margins among these."""
    for top in range(0, height, ROWS):
        low, high = max(0, top - MARGIN), min(height, top + ROWS + MARGIN)
        yield top, slice(low, high), slice(top - low, min(height, top + ROWS) - low)


def _colors(frame: Frame, rows: slice) -> NDArray[np.float64]:
    """Some rows as (h, W, 3) from 0 to 255."""
    values = frame.pixels[rows].astype(np.float64) * (255 / frame.peak)
    return np.repeat(values, 3, axis=2) if frame.channels == 1 else values


def _alpha(frame: Frame) -> Any:
    return np.float64(255) if frame.alpha is None else frame.alpha.astype(np.float64) * (255 / frame.peak)
