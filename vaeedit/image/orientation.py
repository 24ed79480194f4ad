"""EXIF orientation: it is applied to the pixels and reset in the metadata, so that no viewer applies it again."""

import re
from typing import Any

from numpy.typing import NDArray

TAG = 0x0112
"""Of EXIF and TIFF."""
_FLIPS = {
    2: (1, 0, 0),
    3: (1, 1, 0),
    4: (0, 1, 0),
    5: (0, 0, 1),
    6: (0, 1, 1),
    7: (1, 1, 1),
    8: (1, 0, 1),
}
"""Orientation -> whether to flip columns, to flip rows, and then to swap the axes."""

_IN_XMP = re.compile(rb"""(tiff:Orientation\s*+(?:=\s*+["']|>)\s*+)[1-8]""")


def upright(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Samples (H, W, ...) with the EXIF orientation applied: (H, W, ...) or (W, H, ...); an unknown one changes nothing."""
    columns, rows, swap = _FLIPS.get(orientation, (0, 0, 0))
    if rows:
        values = values[::-1]
    if columns:
        values = values[:, ::-1]
    return values.swapaxes(0, 1) if swap else values


def reset_xmp(xmp: bytes) -> bytes:
    """An XMP packet with tiff:Orientation set to 1."""
    return _IN_XMP.sub(rb"\g<1>1", xmp)
