"""EXIF orientation: it is applied to the pixels and reset in the metadata, so that no viewer applies it again."""

import re
import struct
from contextlib import suppress
from typing import Any

from numpy.typing import NDArray

TAG = 0x0112
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


def reset_exif(exif: bytes) -> bytes:
    """An EXIF block with its orientation set to 1; every other byte, also of maker notes, stays in its place."""
    start = 6 if exif.startswith(b"Exif\0\0") else 0
    order = ">" if exif[start : start + 2] == b"MM" else "<"
    block = bytearray(exif)
    with suppress(struct.error):  # a block that ends early has no orientation
        first = start + struct.unpack_from(f"{order}L", block, start + 4)[0]
        count = struct.unpack_from(f"{order}H", block, first)[0]
        for entry in range(first + 2, first + 2 + 12 * count, 12):
            if struct.unpack_from(f"{order}H", block, entry)[0] == TAG:
                struct.pack_into(f"{order}HLHH", block, entry + 2, 3, 1, 1, 0)  # one SHORT, 1
    return bytes(block)


def reset_xmp(xmp: bytes) -> bytes:
    """An XMP packet with tiff:Orientation set to 1."""
    return _IN_XMP.sub(rb"\g<1>1", xmp)
