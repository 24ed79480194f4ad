"""Changes to a file: blind ones, and ones that know chunks, segments, tags and boxes and leave checksums right."""

import random
import struct
import zlib
from collections.abc import Callable

EXTREMES = (0, 1, 2, 7, 255, 256, 32767, 65535, 2**24, 2**31 - 1, 2**31, 2**32 - 1)


def mutated(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """One to three changes; `other` is a file to splice with."""
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        if len(data) > 16:
            data = rng.choice([_aware, *BLIND])(data, other, rng)
    return data


def _flipped(data: bytes, other: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    power = rng.choice([1, 3])  # 3: mostly near the start, where the headers are
    for _ in range(rng.choice([1, 1, 2, 8, 50])):
        place = int(rng.random() ** power * len(changed))
        changed[place] = rng.choice([changed[place] ^ 1 << rng.randrange(8), rng.randrange(256), 0, 255])
    return bytes(changed)


def _cut(data: bytes, other: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(1, len(data))] + rng.choice([b"", b"", bytes(64), b"\xff\xd9"])


def _spliced(data: bytes, other: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]


def _moved(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """A range left out, zeroed, written twice or filled with noise."""
    start = rng.randrange(len(data))
    stop = min(len(data), start + rng.choice([1, 4, 16, 100, 1000]))
    piece = data[start:stop]
    return (
        data[:start]
        + rng.choice([b"", bytes(len(piece)), piece * 2, rng.randbytes(len(piece))])
        + data[stop:]
    )


def _number(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """A number of two or four bytes near the start made extreme."""
    width, order = rng.choice([2, 4]), rng.choice(["big", "little"])
    place = int(rng.random() ** 2 * (len(data) - width))
    value = rng.choice(EXTREMES) % (1 << 8 * width)
    return data[:place] + value.to_bytes(width, order) + data[place + width :]


BLIND = [_flipped, _cut, _spliced, _moved, _number]


def _aware(data: bytes, other: bytes, rng: random.Random) -> bytes:
    for start, change in AWARE.items():
        if data.startswith(start):
            try:
                return change(data, rng)
            except (struct.error, ValueError, IndexError):
                break  # too broken already
    return _number(data, other, rng)


def _png(data: bytes, rng: random.Random) -> bytes:
    """One chunk changed, with its checksum made right, left out, written twice, or moved."""
    chunks, place = [], 8
    while place + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        chunks.append((kind, data[place + 8 : place + 8 + length]))
        place += 12 + length
    at = rng.randrange(len(chunks))
    kind, body = chunks[at]
    how = rng.randrange(5)
    if how == 0 and body:
        chunks[at] = (kind, _number(body, b"", rng) if len(body) > 4 else rng.randbytes(len(body)))
    elif how == 1:
        del chunks[at]
    elif how == 2:
        chunks.insert(rng.randrange(len(chunks)), chunks[at])
    elif how == 3:
        chunks[at] = (
            rng.choice([b"IDAT", b"PLTE", b"tRNS", b"iCCP", b"zTXt", b"eXIf", b"acTL", b"fcTL"]),
            body,
        )
    else:
        text = b"a\0\0" + zlib.compress(bytes(rng.choice([10, 10**5, 10**7])))
        chunks.insert(rng.randrange(len(chunks)), (rng.choice([b"zTXt", b"iCCP", b"IDAT"]), text))
    crc = (struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks)
    return data[:8] + b"".join(
        struct.pack(">I", len(b)) + k + b + c for (k, b), c in zip(chunks, crc, strict=True)
    )


def _jpeg(data: bytes, rng: random.Random) -> bytes:
    """One segment changed, left out or written again; a scan a thousand times."""
    segments, place = [], 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != 0xD9:
        length = struct.unpack_from(">H", data, place + 2)[0] + 2
        segments.append((place, place + length))
        if data[place + 1] == 0xDA:
            break
        place += length
    start, stop = rng.choice(segments)
    how = rng.randrange(5)
    if how == 0:
        return data[:start] + data[stop:]
    if how == 1:
        return data[:stop] + data[start:stop] * rng.choice([1, 50]) + data[stop:]
    if how == 2:
        scan = segments[-1][0]
        return data[:-2] + data[scan:-2] * rng.choice([1, 20, 1000 if len(data) < 4000 else 5]) + data[-2:]
    if how == 3:
        return data[:start] + b"\xff" + bytes([rng.randrange(0xC0, 0xFF)]) + data[start + 2 :]
    place = rng.randrange(start + 2, stop)
    return data[:place] + bytes([rng.choice([0, 1, 17, 63, 255])]) + data[place + 1 :]


def _tiff(data: bytes, rng: random.Random) -> bytes:
    """One entry of the first directory changed, or the link to the next one."""
    order = "<" if data[:2] == b"II" else ">"
    first = struct.unpack_from(f"{order}L", data, 4)[0]
    count = struct.unpack_from(f"{order}H", data, first)[0]
    changed = bytearray(data)
    how = rng.randrange(5)
    entry = first + 2 + 12 * rng.randrange(count)
    if how == 0:
        struct.pack_into(f"{order}L", changed, first + 2 + 12 * count, rng.choice([first, 8, len(data) - 4]))
    elif how == 1:
        struct.pack_into(f"{order}H", changed, first, rng.choice([0, 1, count - 1, count + 1, 65535]))
    elif how == 2:
        struct.pack_into(f"{order}H", changed, entry + 2, rng.randrange(20))
    else:
        value = rng.choice([*EXTREMES, len(data), len(data) - 1, rng.randrange(len(data)), rng.randrange(70)])
        struct.pack_into(f"{order}L", changed, entry + (4 if how == 3 else 8), value)
    return bytes(changed)


def _riff(data: bytes, rng: random.Random) -> bytes:
    """The length of the file or of a chunk, or the size of the canvas."""
    place = rng.choice([4, 16, data.find(b"VP8") + 4, data.find(b"VP8") + rng.randrange(8, 20)])
    return data[:place] + struct.pack("<L", rng.choice(EXTREMES)) + data[place + 4 :]


def _bmp(data: bytes, rng: random.Random) -> bytes:
    place = rng.choice([2, 10, 14, 18, 22, 28, 30, 34, 46])
    return (
        data[:place] + struct.pack("<L", rng.choice([*EXTREMES, 4, 8, 16, 24, 40, 124])) + data[place + 4 :]
    )


AWARE: dict[bytes, Callable[[bytes, random.Random], bytes]] = {
    b"\x89PNG": _png,
    b"\xff\xd8": _jpeg,
    b"II*\0": _tiff,
    b"MM\0*": _tiff,
    b"RIFF": _riff,
    b"BM": _bmp,
}
