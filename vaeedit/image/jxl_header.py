"""What the header of a JPEG XL file says and its library does not tell (ISO/IEC 18181-1, annex D)."""

from typing import NamedTuple

_SEARCHED = 256
"""Bytes of a codestream that can hold what is read of its header."""


class _Bits:
    """The bits of a codestream, the lowest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")

    def take(self, count: int) -> int:
        value = self._value & ((1 << count) - 1)
        self._value >>= count
        return value

    def choice(self, *forms: tuple[int, int]) -> int:
        """A number in one of four forms: what is added, and its number of bits (U32 in the standard)."""
        start, count = forms[self.take(2)]
        return start + self.take(count)


class Header(NamedTuple):
    """Whether a file is animated, and whether it is known to lose nothing."""

    animated: bool = False
    lossless: bool = False
    """Its colors are stored as they are, not in XYB; false for a file made from a JPEG file, and for an animation."""


def header_of(data: bytes) -> Header:
    """Read the header of a file."""
    bits = _Bits(_codestream(data)[2:_SEARCHED])
    _skip_size(bits)
    if bits.take(1):  # everything has its default, XYB too
        return Header()
    if bits.take(1):
        bits.take(3)
        if bits.take(1):
            _skip_size(bits)
        if bits.take(1):  # a preview, whose size is not read
            return Header()
        if bits.take(1):
            return Header(animated=True)
    _skip_depth(bits)
    bits.take(1)
    for _ in range(bits.choice((0, 0), (1, 0), (2, 4), (1, 12))):
        if not bits.take(1) and not _skip_alpha(bits):
            return Header()
    return Header(lossless=not bits.take(1) and b"jbrd" not in data[: 1 << 16])


def _codestream(data: bytes) -> bytes:
    """The codestream, or its first part, of a file with or without boxes."""
    place = 0
    while not data.startswith(b"\xff\x0a") and place + 8 <= len(data):
        size, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        if kind in (b"jxlc", b"jxlp"):
            return data[place + (8 if kind == b"jxlc" else 12) :]
        place += max(8, size)
    return data


def _skip_size(bits: _Bits) -> None:
    sizes = ((0, 9), (0, 13), (0, 18), (0, 30))
    small = bits.take(1)
    _ = bits.take(5) if small else bits.choice(*sizes)
    if not bits.take(3):  # no ratio that the width follows from
        _ = bits.take(5) if small else bits.choice(*sizes)


def _skip_depth(bits: _Bits) -> None:
    if bits.take(1):  # float
        bits.choice((32, 0), (16, 0), (24, 0), (1, 6))
        bits.take(4)
    else:
        bits.choice((8, 0), (10, 0), (12, 0), (1, 6))


def _skip_alpha(bits: _Bits) -> bool:
    """Skip a description of an extra channel; false if it is another one than alpha."""
    if bits.choice((0, 0), (1, 0), (2, 4), (18, 6)):
        return False
    _skip_depth(bits)
    bits.choice((0, 0), (3, 0), (4, 0), (1, 3))
    bits.take(8 * bits.choice((0, 0), (0, 4), (16, 5), (48, 10)))
    bits.take(1)
    return True
