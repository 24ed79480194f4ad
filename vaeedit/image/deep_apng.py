"""The pictures of an APNG of 16 bits, which Pillow reduces to 8. (PNG specification, third edition, 2025, 11.3.6.)"""

import io
import struct
from collections.abc import Iterator

import numpy as np
import png
from numpy.typing import NDArray

from vaeedit.image import deep
from vaeedit.image.gate import Gate
from vaeedit.image.intact import png_chunks, png_fault

Samples = NDArray[np.uint16]
CLEAR, BEFORE = 1, 2
"""What the place of a picture holds after it: nothing, or what was there before. Otherwise the picture stays."""


def is_deep(data: bytes) -> bool:
    """Whether the samples of a PNG have 16 bits."""
    return deep.peak_in("PNG", data) > 255


def deep_pictures(data: bytes, gate: Gate) -> Iterator[Samples]:
    """Decode the pictures (H, W, C) of an APNG one by one, each as the whole canvas.

    Raises ImageError, and ValueError or struct.error for damaged data.
    """
    canvas: Samples | None = None
    for control, parts, (header, key) in _pictures(data):
        width, height, left, top, _, _, after, over = struct.unpack(">4x4I2H2B", control)
        whole_width, whole_height = struct.unpack(">2I", header[:8])
        if left + width > whole_width or top + height > whole_height:
            raise ValueError("a picture is larger than its canvas")
        own = struct.pack(">2I", width, height) + header[8:]
        values = _decoded([(b"IHDR", own), *((b"IDAT", part) for part in parts), (b"IEND", b"")], key, gate)
        if canvas is None:
            canvas = np.zeros((whole_height, whole_width, values.shape[2]), np.uint16)
        place = canvas[top : top + height, left : left + width]
        before = place.copy()
        place[:] = _over(values, before) if over and values.shape[2] in (2, 4) else values
        yield canvas.copy()
        if after in (CLEAR, BEFORE):
            place[:] = 0 if after == CLEAR else before


def _pictures(data: bytes) -> Iterator[tuple[bytes, list[bytes], tuple[bytes, bytes]]]:
    """The control and the data of every picture, with the header of the file and its transparent color, if there is one."""
    header = key = b""
    pictures: list[tuple[bytes, list[bytes]]] = []
    for kind, body, _ in png_chunks(data):
        if kind == b"IHDR":
            header = body
        elif kind == b"tRNS":
            key = body
        elif kind == b"fcTL":
            pictures.append((body, []))
        elif kind in (b"IDAT", b"fdAT") and pictures:  # data before the first control are another picture
            pictures[-1][1].append(body if kind == b"IDAT" else body[4:])
    for control, parts in pictures:
        yield control, parts, (header, key)


def _decoded(chunks: list[tuple[bytes, bytes]], key: bytes, gate: Gate) -> Samples:
    """The samples (H, W, C) of a PNG of these chunks."""
    buffer = io.BytesIO()
    png.write_chunks(buffer, chunks)
    gate.report(png_fault(buffer.getvalue()))
    return deep.decode("PNG", buffer.getvalue(), np.frombuffer(key, ">u2") if key else None)


def _over(values: Samples, below: Samples) -> Samples:
    """Samples, of which the last channel is alpha, over others."""
    above, under = values / np.float32(65535), below / np.float32(65535)
    alpha, rest = above[..., -1:], under[..., -1:] * (1 - above[..., -1:])
    total = alpha + rest
    color = (above[..., :-1] * alpha + under[..., :-1] * rest) / np.maximum(total, 1e-9)
    return np.asarray(np.rint(np.concatenate([color, total], axis=2) * 65535), np.uint16)
