"""Whether a picture file is all there: what decoders take in silence, such as rows that are missing or bytes that changed.

PNG and deflated TIFF carry checksums, so every damaged byte of their samples is found. JPEG has none: what is found is
data that ends early, wherever it does. Formats without checksums (WebP, AVIF, BMP, TIFF that is not deflated) hide the rest.
"""

import re
import struct
import zlib
from collections.abc import Iterator, Sequence

from vaeedit.errors import ImageError
from vaeedit.image.jpeg import scans_of
from vaeedit.limits import SCANS

PIECE = 1 << 20
"""Bytes that are inflated at a time."""
SPARE = 1 << 16
"""Bytes that a PNG may hold after its last row."""
_HARMLESS = re.compile(r" [1-6]?\d extraneous bytes before marker 0xd9")
"""Some phones write a few bytes too many before the end of a picture."""
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Of Adam7: first column and row, and their steps."""


def fault_of(data: bytes, format: str, name: str) -> str | None:
    """What is wrong with the samples of a PNG or JPEG, or None; raises ImageError for a JPEG of too many scans."""
    if format == "PNG":
        return _png_fault(data)
    return _jpeg_fault(data, name) if format in ("JPEG", "MPO") else None


def tiff_fault(
    segments: Sequence[tuple[int, int]], sizes: Sequence[tuple[int, int]], data: bytes, deflated: bool
) -> str | None:
    """What is wrong with the strips or tiles of a TIFF, each given by its place and length in the file, or None.

    `sizes` are the fewest and most bytes that each may give.
    """
    for (start, length), (least, most) in zip(segments, sizes, strict=True):
        part = data[start : start + length]
        if len(part) < length or not length:
            return "it ends early"
        fault = _inflated_fault([part], least, most) if deflated else None
        if fault is not None:
            return fault
    return None


def _inflated_fault(parts: Sequence[bytes], least: int, most: int) -> str | None:
    """What is wrong with a zlib stream in parts that should give so many bytes; nothing larger than `PIECE` is kept."""
    stream, size = zlib.decompressobj(), 0
    try:
        for part in parts:
            while part and size <= most and not stream.eof:
                size += len(stream.decompress(part, PIECE))
                part = stream.unconsumed_tail
        while size <= most and not stream.eof and (piece := stream.decompress(b"", PIECE)):
            size += len(piece)
    except zlib.error:
        return "its compressed data is damaged"
    if size < least:
        return f"its compressed data holds {size:,} of {least:,} bytes"
    if size > most:
        return f"its compressed data holds more than {most:,} bytes"
    return None if stream.eof else "its compressed data does not end"


def _png_fault(data: bytes) -> str | None:
    parts: list[bytes] = []
    header, ended = b"", False
    for kind, body, sound in _chunks(data):
        if kind == b"IHDR" and not header:
            header = body
        if kind in (b"IHDR", b"PLTE", b"IDAT", b"IEND") and not sound:
            return f"the checksum of its chunk {kind.decode()} is wrong"
        if kind == b"IDAT":
            parts.append(body)
        ended = kind == b"IEND"
    if len(header) != 13:
        return "it has no header"
    if not ended:
        return "it ends early"
    expected = _png_bytes(header)
    return _inflated_fault(parts, expected, expected + SPARE)


def bare_png(data: bytes) -> bytes:
    """Header and pixels alone, of whole chunks: OpenCV makes room for whatever a chunk claims, gigabytes included."""
    kept = ((kind, body) for kind, body, _ in _chunks(data) if kind in (b"IHDR", b"IDAT", b"IEND"))
    parts = [data[:8]]
    for kind, body in kept:
        parts += [
            struct.pack(">I", len(body)),
            kind,
            body,
            struct.pack(">I", zlib.crc32(body, zlib.crc32(kind))),
        ]
    return b"".join(parts)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Kind, content and whether the checksum is right, up to the end; a chunk that is cut short ends them."""
    place = 8
    while place + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        end = place + 8 + length
        if end + 4 > len(data):
            return
        body = data[place + 8 : end]
        yield kind, body, zlib.crc32(body, zlib.crc32(kind)) == int.from_bytes(data[end : end + 4], "big")
        if kind == b"IEND":
            return
        place = end + 4


def _png_bytes(header: bytes) -> int:
    """Bytes that the rows of a PNG take, each with its filter."""
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(kind, 1)
    sizes = [(width, height)]
    if interlaced:
        sizes = [
            (max(0, -(-(width - column) // across)), max(0, -(-(height - row) // down)))
            for column, row, across, down in _PASSES
        ]
    return sum(rows * (1 + -(-columns * bits // 8)) for columns, rows in sizes if columns)


def _jpeg_fault(data: bytes, name: str) -> str | None:
    scans = scans_of(data)
    if scans.count > SCANS.value:
        raise ImageError(
            f"{name} has {scans.count:,} scans, over the limit of {SCANS.value:,}; {SCANS.variable} changes it."
        )
    if not scans.ended:
        return "it ends early"
    if not scans.complete:
        return "some of its scans are missing"
    import simplejpeg

    try:
        space = simplejpeg.decode_jpeg_header(data)[2]
        space = space.upper() if space in ("CMYK", "Gray") else "RGB"
        simplejpeg.decode_jpeg(data, space, min_height=1, min_width=1, min_factor=8)
    except ValueError as error:
        text = str(error)
        if text.startswith(("Premature end", "Corrupt JPEG data")) and not _HARMLESS.search(text):
            return text[0].lower() + text[1:]
    return None  # of anything else the decoder of the pixels is the judge
