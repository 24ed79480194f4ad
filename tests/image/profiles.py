"""Color profiles for the tests, made without vaeedit's own code."""

import struct

import numpy as np

D50 = (0.9642, 1.0, 0.8249)
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
BT709 = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), (0.3127, 0.3290))
P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.3127, 0.3290))
ADOBE = ((0.640, 0.330), (0.210, 0.710), (0.150, 0.060), (0.3127, 0.3290))
PROPHOTO = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), (0.3457, 0.3585))
"""Chromaticities of red, green, blue and white."""
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def matrix_of(primaries) -> np.ndarray:
    """RGB to XYZ relative to D50, by the chromaticities of red, green, blue and white."""
    xyz = np.array([(x / y, 1, (1 - x - y) / y) for x, y in primaries]).T
    matrix = xyz[:, :3] * np.linalg.solve(xyz[:, :3], xyz[:, 3])
    gain = (BRADFORD @ D50) / (BRADFORD @ xyz[:, 3])
    return np.linalg.solve(BRADFORD, gain[:, None] * BRADFORD) @ matrix


def curve(*values: float) -> bytes:
    """One number is a gamma; five are the function of sRGB; more are a table in [0, 1]."""
    if len(values) == 1:
        return b"curv" + struct.pack(">LLH", 0, 1, round(values[0] * 256)) + b"\0\0"
    if len(values) == 5:
        return b"para" + struct.pack(">LHH5l", 0, 3, 0, *(round(value * 65536) for value in values))
    return b"curv" + struct.pack(
        f">LL{len(values)}H", 0, len(values), *(round(value * 65535) for value in values)
    )


def rgb(primaries, *values: float) -> bytes:
    xyz = [
        b"XYZ " + struct.pack(">4l", 0, *(round(v * 65536) for v in column))
        for column in matrix_of(primaries).T
    ]
    tags = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), xyz, strict=True))
    return _profile(b"RGB ", {**tags, **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve(*values))})


def gray(*values: float) -> bytes:
    return _profile(b"GRAY", {b"kTRC": curve(*values)})


def _profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    name = b"test"
    tags = {
        b"desc": b"desc" + struct.pack(">LL", 0, len(name) + 1) + name + bytes(79),
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"wtpt": b"XYZ " + struct.pack(">4l", 0, *(round(v * 65536) for v in D50)),
        **tags,
    }
    table, body = b"", b""
    start = 132 + 12 * len(tags)
    for tag, block in tags.items():
        table += tag + struct.pack(">LL", start + len(body), len(block))
        body += block + bytes(-len(block) % 4)
    size = start + len(body)
    head = struct.pack(">L4sL4s4s4s", size, b"none", 0x02400000, b"mntr", space, b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(24) + struct.pack(">L", 0)
    head += struct.pack(">3l", *(round(v * 65536) for v in D50))
    return head.ljust(128, b"\0") + struct.pack(">L", len(tags)) + table + body
