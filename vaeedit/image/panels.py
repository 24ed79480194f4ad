"""A before/after picture: both whole images, and below them the same detail of both at full size."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from vaeedit.image.frame import Frame

PANEL = 720
"""Width of one panel in pixels."""
DETAIL = (360, 240)
"""Width and height of the detail, shown enlarged to a panel."""
GAP = 8


def compare(before: Frame, after: Frame) -> Frame:
    """Both frames side by side as an 8-bit RGB frame; they may differ in size (the detail is then left out)."""
    old, new = (Image.fromarray(_rgb(frame)) for frame in (before, after))
    rows = [[_fitted(old), _fitted(new)]]
    if old.size == new.size and (old.width > PANEL or old.height > PANEL):
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


def _rgb(frame: Frame) -> NDArray[Any]:
    pixels = frame.as_uint8()
    return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))


def _fitted(image: Image.Image) -> Image.Image:
    scale = min(1.0, PANEL / image.width, PANEL / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS) if scale < 1 else image


def _enlarged(image: Image.Image) -> Image.Image:
    factor = max(1, PANEL // max(image.size))
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)


def _detail(before: Frame, after: Frame) -> tuple[int, int, int, int]:
    """The block with much change and much structure left: noise over detail shows an edit best."""
    width, height = min(DETAIL[0], before.width), min(DETAIL[1], before.height)
    best, best_score = (0, 0), -1.0
    for top in range(0, before.height - height + 1, max(height // 2, 1)):
        for left in range(0, before.width - width + 1, max(width // 2, 1)):
            block = (slice(top, top + height, 4), slice(left, left + width, 4))
            old = before.pixels[block].astype(np.float32)
            new = after.pixels[block].astype(np.float32)
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
