"""The quality that a lossy WebP was made with, estimated from its quantizers.

The fields are those of RFC 6386, 9.2 to 9.6. All of them have even odds, so the arithmetic code can be read as plain bits, as
in `VP8EstimateQuality` of libwebp (extras/quality_estimate.c). The quality is the one for which libwebp takes the mean of the
segments' quantizers (`QualityToCompression` in src/enc/quant_enc.c).
"""

from collections.abc import Sequence

START = b"\x9d\x01\x2a"
"""The start code of a key frame; width and height follow."""


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._data, self._place = data, 0

    def take(self, count: int) -> int:
        """The next bits as a number; raises IndexError at the end."""
        value = 0
        for _ in range(count):
            byte = self._data[self._place >> 3]
            value = value << 1 | (byte >> (7 - (self._place & 7)) & 1)
            self._place += 1
        return value

    def optional(self, count: int) -> int:
        """A number that is there if the bit before it is set, else 0."""
        return self.take(count) if self.take(1) else 0


def estimated(data: bytes) -> int | None:
    """The quality, 0 to 100, or None for a file of another kind."""
    place = data.find(START)
    if place < 0:
        return None
    try:
        indices = _quantizers(_Bits(data[place + len(START) + 4 :][:256]))
    except IndexError:
        return None
    linear = (1 - sum(indices) / len(indices) / 127) ** 3
    return round(100 * (1.5 * linear if linear < 0.5 else (linear + 1) / 2))


def _quantizers(bits: _Bits) -> Sequence[int]:
    """The index of the quantizer, 0 (best) to 127, of each segment, or of the whole picture."""
    bits.take(2)  # color space, clamping
    of_segments: list[int] = []
    if bits.take(1):  # segments
        new_map = bits.take(1)
        if bits.take(1):
            absolute = bits.take(1)
            found = [bits.optional(7 + 1) >> 1 for _ in range(4)]  # the last bit is the sign
            of_segments = found if absolute else []
            for _ in range(4):
                bits.optional(6 + 1)
        for _ in range(3 * new_map):
            bits.optional(8)
    bits.take(1 + 6 + 3)  # the filter: kind, level, sharpness
    if bits.take(1) and bits.take(1):
        for _ in range(8):
            bits.optional(6 + 1)
    bits.take(2)  # number of partitions
    return of_segments or [bits.take(7)]
