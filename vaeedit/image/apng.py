"""APNG animations, encoded one picture at a time; each is a PNG whose data become a part of the file.

Only the part that differs from the picture before is stored. (PNG specification, third edition, 2025, 11.3.6.)
"""

import io
import struct
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import png
from numpy.typing import NDArray

from vaeedit.image.changes import changed_part
from vaeedit.image.encode import write_bytes
from vaeedit.image.frame import Frame, Metadata
from vaeedit.image.intact import png_chunks

LARGEST = 65535
"""The largest numerator and denominator of a time in seconds."""


@dataclass
class ApngWriter:
    """Encodes the pictures of an APNG one by one; all have the size and mode of the first, and its metadata count."""

    _last: NDArray[Any] | None = None
    _chunks: list[tuple[bytes, bytes]] = field(default_factory=list)
    _pictures: int = 0
    _parts: int = 0

    def add(self, frame: Frame, milliseconds: float) -> list[str]:
        """Add a picture; returns a warning for each loss; raises ValueError, and what `write_bytes` raises."""
        values = frame.samples.reshape(frame.height, frame.width, -1)
        rows, columns = changed_part(self._last, values)
        alpha = None if frame.alpha is None else frame.alpha[rows, columns]
        metadata = frame.metadata if self._last is None else Metadata()
        part = Frame(frame.pixels[rows, columns], alpha, metadata)
        data, warnings = write_bytes(part, "PNG")
        place = part.width, part.height, columns.start, rows.start
        control = struct.pack(
            ">4I2H2B", *place, *_seconds(milliseconds), 0, 0
        )  # it stays; it replaces what was there
        chunks = [(kind, body) for kind, body, _ in png_chunks(data)]
        if self._last is None:
            first = next(index for index, (kind, _) in enumerate(chunks) if kind == b"IDAT")
            self._chunks += [*chunks[:first], self._numbered(b"fcTL", control), *chunks[first:-1]]
        else:
            self._chunks.append(self._numbered(b"fcTL", control))
            self._chunks += [self._numbered(b"fdAT", body) for kind, body in chunks if kind == b"IDAT"]
        self._last, self._pictures = values, self._pictures + 1
        return warnings

    def data(self, plays: int) -> bytes:
        """The bytes of the file, whose pictures are shown `plays` times; 0 means without end."""
        control = b"acTL", struct.pack(">2I", self._pictures, plays)
        buffer = io.BytesIO()
        png.write_chunks(buffer, [self._chunks[0], control, *self._chunks[1:], (b"IEND", b"")])
        return buffer.getvalue()

    def _numbered(self, kind: bytes, body: bytes) -> tuple[bytes, bytes]:
        """A chunk with its number in the sequence."""
        self._parts += 1
        return kind, struct.pack(">I", self._parts - 1) + body


def _seconds(milliseconds: float) -> tuple[int, int]:
    """A time as the fraction of a second that is nearest."""
    seconds = min(max(milliseconds / 1000, 0.0), float(LARGEST))
    time = Fraction(seconds).limit_denominator(max(1, int(LARGEST / max(seconds, 1))))
    return time.numerator, time.denominator
