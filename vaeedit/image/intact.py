"""Whether a PNG, TIFF or GIF file is complete and unchanged; decoders accept missing rows or changed bytes without an error.

PNG and deflated TIFF have checksums, so every damaged byte of their samples is detected. Other TIFF has none: only
data that ends early is detected.
"""

import io
import struct
import zlib
from collections.abc import Iterator, Sequence

import png

PIECE = 1 << 20
"""Bytes that are inflated at a time."""
SPARE = 1 << 16
"""Bytes that a PNG may hold after its last row."""
_PARTS = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT")
"""Chunks of the samples; those of an animation among them."""
GIF_END, GIF_IMAGE, GIF_EXTENSION = b";,!"
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""The passes of Adam7: first column and row, and the steps to the next ones."""


def tiff_fault(
    segments: Sequence[tuple[int, int]], sizes: Sequence[tuple[int, int]], data: bytes, deflated: bool
) -> str | None:
    """What is wrong with the strips or tiles of a TIFF, each given by its offset and length in the file, or None.

    `sizes` are the fewest and most bytes that each may decompress to.
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
    """What is wrong with a zlib stream in parts, or None; it should decompress to `least` to `most` bytes.

    No more than `PIECE` bytes are in memory at a time.
    """
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


def png_fault(data: bytes) -> str | None:
    """What is wrong with the chunks and samples of a PNG, or None."""
    parts: list[bytes] = []
    header, ended = b"", False
    for kind, body, sound in png_chunks(data):
        if kind == b"IHDR" and not header:
            header = body
        if kind in _PARTS and not sound:
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


def gif_fault(data: bytes) -> str | None:
    """What is wrong with the blocks of a GIF, or None: Pillow takes the end of the file for that of the animation."""
    place = 13 + _table(data[10:11])
    while place < len(data):
        kind = data[place]
        if kind == GIF_END:
            return None
        if kind == GIF_IMAGE:
            place += 11 + _table(data[place + 9 : place + 10])
        elif kind == GIF_EXTENSION:
            place += 2
        else:  # a stray byte, which decoders skip
            place += 1
            continue
        while place < len(data) and data[place]:
            place += 1 + data[place]
        place += 1
    return "it ends early"


def _table(flags: bytes) -> int:
    """The number of bytes of the palette that these flags of a GIF announce."""
    return 3 << 1 + (flags[0] & 7) if flags and flags[0] & 128 else 0


def bare_png(data: bytes) -> bytes:
    """The complete chunks of header and pixels alone: OpenCV allocates what any other chunk claims, even gigabytes."""
    chunks = [(kind, body) for kind, body, _ in png_chunks(data) if kind in (b"IHDR", b"IDAT", b"IEND")]
    buffer = io.BytesIO()
    png.write_chunks(buffer, chunks)
    return buffer.getvalue()


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Kind, content and whether the checksum is right, of all chunks up to the end or up to an incomplete one."""
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
    """Number of bytes of the rows of a PNG, each with its filter."""
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(kind, 1)
    sizes = [(width, height)]
    if interlaced:
        sizes = [
            (max(0, -(-(width - column) // across)), max(0, -(-(height - row) // down)))
            for column, row, across, down in _PASSES
        ]
    return sum(rows * (1 + -(-columns * bits // 8)) for columns, rows in sizes if columns)
