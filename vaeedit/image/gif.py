"""GIF animations, encoded one picture at a time: Pillow encodes each, and this file joins them.

A picture has its own palette. Only the part that differs from the picture before is stored, and in it only the pixels that
differ, so still parts neither flicker nor take room. (GIF89a specification, 1990.)
"""

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import GifImagePlugin, Image

from vaeedit.image.changes import changed_part
from vaeedit.image.encode import HOLDS, fit
from vaeedit.image.frame import Frame

CLEAR = 255
"""The palette's entry for transparent pixels and for pixels that do not change."""
KEEP, REMOVE = 1, 2
"""What happens to a picture before the next one: it stays, or the place becomes transparent."""
LOOP = b"!\xff\x0bNETSCAPE2.0\x03\x01%b\0"


@dataclass
class GifWriter:
    """Encodes the pictures of a GIF one by one; all have the size of the first."""

    _size: tuple[int, int] = (0, 0)
    _last: NDArray[Any] | None = None
    _blocks: list[bytes] = field(default_factory=list)

    def add(self, frame: Frame, milliseconds: float) -> list[str]:
        """Add a picture; returns a warning for each loss; raises ValueError.

        The format counts hundredths of a second. Opacity is all or nothing: one half and more counts as all.
        """
        frame, warnings = fit(frame, "GIF")
        if max(frame.width, frame.height) > HOLDS["GIF"].side:
            raise ValueError(f"it is over {HOLDS['GIF'].side:,} pixels wide or high")
        if not self._blocks:
            self._size = frame.width, frame.height
            self._blocks = [_comment(text) for text in frame.metadata.comments]
        if frame.alpha is None:
            rows, columns = changed_part(self._last, frame.pixels)
            top, left, part = rows.start, columns.start, frame.pixels[rows, columns]
            hidden = np.zeros(part.shape[:2], bool)
            if self._last is not None:
                hidden = (self._last[rows, columns] == part).all(axis=2)
            self._last, disposal = frame.pixels, KEEP
        else:
            top, left, part, hidden, disposal = 0, 0, frame.pixels, frame.alpha < 128, REMOVE
            if not np.isin(frame.alpha, (0, 255)).all():
                warnings.append("GIF holds no partial transparency; it was rounded to all or none.")
        how = {
            "duration": milliseconds,
            "disposal": disposal,
            "transparency": CLEAR if hidden.any() else None,
        }
        blocks = GifImagePlugin.getdata(_indexed(part, hidden), (left, top), include_color_table=True, **how)
        self._blocks.append(b"".join(blocks))
        return warnings

    def data(self, plays: int) -> bytes:
        """The bytes of the file, whose pictures are shown `plays` times; 0 means without end."""
        head = b"GIF89a" + struct.pack("<HHBBB", *self._size, 0x70, 0, 0)  # no palette for all
        again = b"" if plays == 1 else LOOP % struct.pack("<H", min(max(plays - 1, 0), 65535))
        return b"".join((head, again, *self._blocks, b";"))


def _comment(text: bytes) -> bytes:
    parts = [text[start : start + 255] for start in range(0, len(text), 255)]
    return b"!\xfe" + b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def _indexed(pixels: NDArray[Any], hidden: NDArray[np.bool_]) -> Image.Image:
    """The pixels (H, W, 3) with a palette of their own; `hidden` ones (H, W) get the entry `CLEAR`."""
    image = Image.fromarray(np.ascontiguousarray(pixels)).quantize(CLEAR, Image.Quantize.MEDIANCUT)
    indices = np.where(hidden, CLEAR, np.asarray(image)).astype(np.uint8)
    indexed = Image.fromarray(indices).convert("P")
    indexed.putpalette((image.getpalette() or []) + [0] * (768 - len(image.getpalette() or [])))
    return indexed
