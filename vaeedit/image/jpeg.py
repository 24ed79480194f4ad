"""Whether a JPEG is complete: it ends, and its scans give every coefficient to its last bit (ITU-T T.81, G.1).

JPEG has no checksums, so only data that ends early is detected.
"""

import re
from dataclasses import dataclass, field

from vaeedit.errors import ImageError
from vaeedit.limits import SCANS

_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
"""A marker after coded data: neither a stuffed byte nor a restart."""
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
START, END, SCAN, ALONE = 0xD8, 0xD9, 0xDA, 0x01
COEFFICIENTS = 64
_HARMLESS = re.compile(r" [1-6]?\d extraneous bytes before marker 0xd9")
"""Some phones write a few bytes too many before the end of a picture."""


def jpeg_fault(data: bytes, name: str) -> str | None:
    """What is wrong with the coded data of a JPEG, or None; raises ImageError for too many scans."""
    scans = _scans_of(data)
    if scans.count > SCANS.value:
        raise ImageError(
            f"{name} has {scans.count:,} scans, over the limit of {SCANS.value:,}; {SCANS.variable} changes it."
        )
    if not scans.ended:
        return "it ends early"
    if scans.count == 0 or any(any(bits) for bits in scans.missing.values()):
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
    return None  # the decoder of the pixels reports all other faults


def picture_end(data: bytes) -> int:
    """The number of bytes of the first picture; other data may follow. It is that of the file if the picture ends early."""
    scans = _scans_of(data)
    return scans.end if scans.ended else len(data)


@dataclass
class _Scans:
    """What the markers of a JPEG say about its scans."""

    count: int = 0
    ended: bool = False
    """Whether there is an end marker."""
    end: int = 0
    """Offset after it."""
    missing: dict[int, list[int]] = field(default_factory=dict)
    """By component, the number of bits that each coefficient still lacks; -1 if none of it has come."""

    def add(self, header: bytes) -> None:
        """Count a scan, and the coefficients that it completes."""
        self.count += 1
        components = header[0] if header else 0
        if len(header) < 4 + 2 * components:
            return
        first, last, bits = header[1 + 2 * components : 4 + 2 * components]
        for component in header[1 : 1 + 2 * components : 2]:
            lacking = self.missing.get(component, [])
            lacking[first : last + 1] = [bits & 15] * len(lacking[first : last + 1])


def _scans_of(data: bytes) -> _Scans:
    """Read the markers up to the first end marker."""
    scans, place = _Scans(), 2
    while (marker := _MARKER.search(data, place)) is not None:
        kind, place = marker[1][0], marker.end()
        if kind == END:
            scans.ended, scans.end = True, place
            break
        if kind in (ALONE, START):
            continue
        length = max(2, int.from_bytes(data[place : place + 2], "big"))
        body = data[place + 2 : place + length]
        if kind in _FRAMES:
            scans.missing = {component: [-1] * COEFFICIENTS for component in body[6::3]}
        elif kind == SCAN:
            scans.add(body)
        place += length
    return scans
