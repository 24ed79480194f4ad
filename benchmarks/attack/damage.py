"""Damaged pictures whose originals are known: one that is read must be what it was, for a JPEG at least whole.

A failure is a PNG or TIFF that is read with other pixels, or a JPEG that is read though its data ends early. Of TIFF without
checksums (anything but deflate), only missing data can be noticed, so nothing else is done to it: zeros in it are pixels.
"""

import io
import random
import struct

import numpy as np
import tifffile
from harness import main
from pictures import JPEG, PNG, TIFF, original

from vaeedit.errors import VaeeditError
from vaeedit.image import read_bytes

SEEDS = 60
"""Different originals of a format."""


def trial(rng: random.Random) -> str:
    kind = rng.choice([JPEG, PNG, TIFF])
    data = original(kind, rng.randrange(SEEDS))
    damaged = {JPEG: _early, PNG: _any, TIFF: _tiff}[kind](data, rng)
    if damaged == data:
        return "unharmed"
    try:
        found = read_bytes(damaged, "damaged")
    except VaeeditError:
        return f"{kind} refused"
    whole = read_bytes(data, "original")
    if kind == JPEG:
        raise AssertionError("a JPEG whose data ends early was read")
    if not np.array_equal(found.pixels, whole.pixels):
        raise AssertionError(f"a damaged {kind} was read with other pixels")
    return f"{kind} equal"


def _early(data: bytes, rng: random.Random) -> bytes:
    """A JPEG cut in its coded data: cut, zeroed from there on, or ended there; zeros or the end marker may follow."""
    start = data.index(b"\xff\xda") + 16
    cut = rng.randrange(start, len(data) - 2)
    rest = len(data) - cut
    return data[:cut] + rng.choice([b"", bytes(rest), b"\xff\xd9", bytes(rest // 2)])


def _any(data: bytes, rng: random.Random) -> bytes:
    """Cut, zeroed at the end or in the middle, bits turned, a chunk left out or written twice."""
    how = rng.randrange(6)
    at = rng.randrange(8, len(data))
    if how == 0:
        return data[:at]
    if how == 1:
        return data[:at] + bytes(len(data) - at)
    if how == 2:
        end = min(len(data), at + rng.randrange(1, 200))
        return data[:at] + bytes(end - at) + data[end:]
    if how == 3:
        return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
    places = _idat(data)
    start, end = rng.choice(places)
    return data[:start] + data[end:] if how == 4 else data[:end] + data[start:end] + data[end:]


def _idat(data: bytes) -> list[tuple[int, int]]:
    place, found = 8, []
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        if kind == b"IDAT":
            found.append((place, place + 12 + length))
        place += 12 + length
    return found


def _tiff(data: bytes, rng: random.Random) -> bytes:
    """Cut anywhere, or a strip dropped; of deflated ones also zeroed or changed within the strips."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        spans = [
            (start, start + size) for start, size in zip(page.dataoffsets, page.databytecounts, strict=True)
        ]
        checked, lengths = page.compression in (8, 32946), page.tags[279]
    if rng.random() < 0.2:  # the length of one strip is zero
        width = {3: 2, 4: 4}[int(lengths.dtype)]
        place = lengths.valueoffset + width * rng.randrange(lengths.count)
        return data[:place] + bytes(width) + data[place + width :]
    if not checked or rng.random() < 0.3:
        return data[: rng.randrange(8, len(data))]
    start, end = rng.choice(spans)
    at = rng.randrange(start, end)
    stop = end if rng.random() < 0.3 else min(end, at + rng.randrange(1, 100))
    if rng.random() < 0.5:
        return data[:at] + bytes(stop - at) + data[stop:]
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


if __name__ == "__main__":
    main("damage", trial, trials=12_000)
