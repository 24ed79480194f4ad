"""The pages of a TIFF file: each is read as a file of its own, and they are written one by one.

A page as a file of its own is the same bytes with a header that leads to this page, and with no page after it. So every
kind of page is read by the code for single pictures, whatever library decodes it.
"""

import io
import struct
from dataclasses import dataclass, field
from typing import Any

from vaeedit.errors import ImageError
from vaeedit.image import tiff
from vaeedit.image.encode import fit
from vaeedit.image.frame import Frame
from vaeedit.limits import FRAMES

SMALLER_OR_MASK = 0b101
"""Bits of the tag NewSubfileType of a directory that is no page: a smaller version of a page, or its mask."""
PARTS = 330
"""The tag SubIFDs: directories below a page, such as its smaller versions."""
LARGEST = 1 << 32
"""Bytes of a TIFF file, whose offsets have 32 bits."""


@dataclass(frozen=True)
class Contents:
    """Where the directories of the pages are in a TIFF file, and how many other pictures it holds."""

    pages: tuple[int, ...]
    others: int


def contents(data: bytes, name: str) -> Contents:
    """The pages of a TIFF file; raises ImageError for too many."""
    import tifffile

    with io.BytesIO(data) as stream, tifffile.TiffFile(stream) as file:
        if len(file.pages) > FRAMES.value:
            raise ImageError(
                f"{name} has {len(file.pages):,} pages, over the limit of {FRAMES.value:,}; raise {FRAMES.variable}."
            )
        found: list[Any] = [file.pages.get(index) for index in range(len(file.pages))]
        pages = [page for page in found if not page.subfiletype & SMALLER_OR_MASK] or found[:1]
        below = sum(int(page.tags[PARTS].count) for page in pages if PARTS in page.tags)
        return Contents(tuple(page.offset for page in pages), len(found) - len(pages) + below)


def alone(data: bytes, directory: int) -> bytes:
    """The TIFF file whose only page is that of the directory at this offset; raises struct.error if it is damaged."""
    order, big = ("<" if data[:1] == b"I" else ">"), 43 in data[2:4]
    start, count_kind, entry, kind = (8, "Q", 20, "Q") if big else (4, "H", 12, "L")
    (count,) = struct.unpack_from(order + count_kind, data, directory)
    end = directory + struct.calcsize(order + count_kind) + count * entry
    size, view = struct.calcsize(order + kind), memoryview(data)
    first = struct.pack(order + kind, directory)
    parts: list[bytes | memoryview] = [
        view[:start],
        first,
        view[start + size : end],
        bytes(size),
        view[end + size :],
    ]
    return b"".join(parts)


@dataclass
class TiffWriter:
    """Encodes the pages of a TIFF file one by one."""

    _data: bytearray = field(default_factory=lambda: bytearray(tiff.HEADER))
    _link: int = 4
    """Where the offset of the next directory goes."""

    def add(self, frame: Frame, milliseconds: float) -> list[str]:
        """Add a page; returns a warning for each loss; raises ValueError."""
        fitted, warnings = fit(frame, "TIFF")
        self._data += bytes(len(self._data) % 2)  # directories begin at even offsets
        start = len(self._data)
        page = tiff.page(fitted, fitted.samples, start)
        if start + len(page) >= LARGEST:
            raise ValueError("its pages take more than 4 GiB")
        struct.pack_into("<L", self._data, self._link, start)
        self._data += page
        self._link = start + 2 + 12 * struct.unpack_from("<H", page)[0]
        return warnings

    def data(self, plays: int) -> bytes:
        """The bytes of the file."""
        return bytes(self._data)
