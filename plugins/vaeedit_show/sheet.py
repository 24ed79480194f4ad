"""A sheet: blocks of small images side by side, with a title on top of each, and names of columns and rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from vaeedit.api import Frame, laid_out

Pixels = NDArray[np.uint8]
"""An image (H, W, C)."""
GAP, MARGIN, LINE = 2, 12, 20
"""White pixels between images, around blocks, and the height of a line of text."""
FONT = 14
INK = "#222222"


@dataclass(frozen=True)
class Block:
    """Images of one size in rows of `columns`."""

    images: Sequence[Pixels]
    columns: int
    title: str = ""
    captions: Sequence[str] = ()
    """A short text above each column."""


def factor_for(image: Pixels, side: int) -> int:
    """The whole factor that enlarges an image to about `side` pixels, at least 1."""
    longest: int = max(image.shape[:2])
    return max(1, round(side / longest))


def sheet(blocks: Sequence[Block], *, scale: int, rows: Sequence[str] = (), caption: str = "") -> Frame:
    """The blocks side by side on white, each pixel enlarged by the factor `scale`.

    `rows` are names of the rows, on the left; `caption` stands below.
    """
    parts = [_cells(block, scale) for block in blocks]
    heads = [int(bool(block.title)) + int(bool(block.captions)) for block in blocks]
    top = MARGIN + LINE * max(heads)
    left = MARGIN + (max(map(_width, rows)) + 8 if rows else 0)
    widths = [max(part.width, _width(block.title)) for part, block in zip(parts, blocks, strict=True)]
    inner = max(sum(widths) + MARGIN * (len(widths) - 1), _width(caption))
    bottom = top + max(part.height for part in parts) + (LINE + 4 if caption else 0) + MARGIN
    canvas = Image.new(
        "L" if all(part.mode == "L" for part in parts) else "RGB", (left + inner + MARGIN, bottom), "white"
    )
    draw = ImageDraw.Draw(canvas)
    x = left
    for block, part, width in zip(blocks, parts, widths, strict=True):
        start = x + (width - part.width) // 2
        canvas.paste(part, (start, top))
        _text(draw, x + width / 2, top - LINE * (1.5 if block.captions else 0.5), block.title)
        pitch = (part.width + GAP) / block.columns
        for column, text in enumerate(block.captions):
            _text(draw, start + (column + 0.5) * pitch - GAP / 2, top - LINE / 2, text)
        x += width + MARGIN
    pitch = blocks[0].images[0].shape[0] * scale + GAP
    for row, text in enumerate(rows):
        _text(draw, left - 8, top + (row + 0.5) * pitch - GAP / 2, text, anchor="rm")
    _text(draw, left + inner / 2, bottom - MARGIN - LINE / 2, caption)
    pixels = np.asarray(canvas)
    return Frame(pixels[..., None] if pixels.ndim == 2 else pixels)


def _cells(block: Block, scale: int) -> Image.Image:
    enlarged = [image.repeat(scale, 0).repeat(scale, 1) for image in block.images]
    pixels = laid_out(enlarged, block.columns, GAP, 255)
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(FONT)


def _width(text: str) -> int:
    return round(_font().getlength(text)) if text else 0


def _text(draw: ImageDraw.ImageDraw, x: float, y: float, text: str, anchor: str = "mm") -> None:
    if text:
        draw.text((x, y), text, fill=INK, font=_font(), anchor=anchor)
