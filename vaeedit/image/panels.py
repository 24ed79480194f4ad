"""Pictures for people: a comparison of before and after, and a map of standard deviations."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from vaeedit.image.color import working
from vaeedit.image.frame import Frame, Pixels

PANEL = 720
"""Width of one panel in pixels."""
DETAIL = (360, 240)
"""Width and height of the detail, which is enlarged to a panel."""
GAP = 8


def compare(before: Frame, after: Frame) -> Frame:
    """Both images side by side, and below them the same detail of both at full size, as an 8-bit RGB frame in sRGB.

    If the sizes differ, the image `before` is enlarged by repeating its pixels.
    """
    before, after = working(before), working(after)
    old, new = (Image.fromarray(_rgb(frame)) for frame in (before, after))
    if old.size != new.size:
        old = old.resize(new.size, Image.Resampling.NEAREST)
        before = Frame(np.asarray(old))
    rows = [[_fitted(old), _fitted(new)]]
    if old.width > PANEL or old.height > PANEL:
        box = _detail(before, after)
        rows.append([_enlarged(image.crop(box)) for image in (old, new)])
    width = 2 * max(panel.width for row in rows for panel in row) + GAP
    height = sum(max(panel.height for panel in row) for row in rows) + GAP * (len(rows) - 1)
    canvas = Image.new("RGB", (width, height), "white")
    top = 0
    for row in rows:
        for column, (panel, label) in enumerate(zip(row, ("before", "after"), strict=True)):
            left = column * (width + GAP) // 2 + ((width - GAP) // 2 - panel.width) // 2
            canvas.paste(panel, (left, top))
            _label(canvas, (left, top), label)
        top += max(panel.height for panel in row) + GAP
    return Frame(np.asarray(canvas))


def deviation_map(frame: Frame) -> tuple[Frame, dict[str, float]]:
    """The standard deviation of each pixel's error as a gray frame (H, W, 1) of 8 bits, and two notes.

    `mean_uncertainty` is its mean and `white_uncertainty` the value of white, in units of 8-bit steps. The frame must have
    `std`.
    """
    assert frame.std is not None
    deviation = frame.std.mean(axis=2, keepdims=True)
    top = max(float(np.percentile(deviation[::4, ::4], 99.5)), 1e-6)
    picture = Frame(np.rint(np.clip(deviation / top, 0, 1) * 255).astype(np.uint8))
    mean = round(float(deviation.mean()) * 255, 2)
    return picture, {"mean_uncertainty": mean, "white_uncertainty": round(top * 255, 2)}


def _rgb(frame: Frame) -> NDArray[Any]:
    pixels = frame.as_uint8()
    return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))


def _fitted(image: Image.Image) -> Image.Image:
    factor = min(1.0, PANEL / image.width, PANEL / image.height)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.LANCZOS) if factor < 1 else image


def _enlarged(image: Image.Image) -> Image.Image:
    factor = max(1, PANEL // max(image.size))
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)


def _detail(before: Frame, after: Frame) -> tuple[int, int, int, int]:
    """The box with the largest product of change and remaining structure, where an edit is most visible."""
    width, height = min(DETAIL[0], before.width), min(DETAIL[1], before.height)
    best, best_score = (0, 0), -1.0
    for top in range(0, before.height - height + 1, max(height // 2, 1)):
        for left in range(0, before.width - width + 1, max(width // 2, 1)):
            block = (slice(top, top + height, 4), slice(left, left + width, 4))
            old = before.pixels[block].astype(np.float32) / before.peak
            new = after.pixels[block].astype(np.float32) / after.peak
            score = float(np.abs(old - new).mean() * new.mean(axis=2).std())
            if score > best_score:
                best, best_score = (left, top), score
    return best[0], best[1], best[0] + width, best[1] + height


def _label(canvas: Image.Image, corner: tuple[int, int], text: str) -> None:
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(size=20)
    left, top, right, bottom = draw.textbbox((corner[0] + 8, corner[1] + 6), text, font=font)
    draw.rectangle((left - 4, top - 4, right + 4, bottom + 4), fill="black")
    draw.text((corner[0] + 8, corner[1] + 6), text, font=font, fill="white")


def laid_out(parts: Sequence[Pixels], columns: int, gap: int, blank: float) -> Pixels:
    """Arrays (H, W, C), of one size and dtype, in rows of `columns`, with `gap` pixels of the value `blank` between them.

    Fewer arrays than `columns` make one shorter row.
    """
    columns = min(columns, len(parts))
    height, width, channels = parts[0].shape
    rows = -(-len(parts) // columns)
    size = rows * (height + gap) - gap, columns * (width + gap) - gap, channels
    whole: Pixels = np.full(size, blank, parts[0].dtype)
    for index, part in enumerate(parts):
        top, left = index // columns * (height + gap), index % columns * (width + gap)
        whole[top : top + height, left : left + width] = part
    return whole
