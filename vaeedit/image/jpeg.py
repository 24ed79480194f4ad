"""The scans of a JPEG: how many there are, and whether they give every coefficient to its last bit (ITU T.81, G.1)."""

import re
from dataclasses import dataclass, field

_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
"""After coded data: no stuffed byte, no restart."""
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
START, END, SCAN, ALONE = 0xD8, 0xD9, 0xDA, 0x01
COEFFICIENTS = 64


@dataclass
class Scans:
    """What the markers of a JPEG say."""

    count: int = 0
    ended: bool = False
    """Whether there is an end marker."""
    missing: dict[int, list[int]] = field(default_factory=dict)
    """By component, the bits that each coefficient still lacks; -1 where nothing of it has come."""

    @property
    def complete(self) -> bool:
        """Whether no bit is missing."""
        return self.count > 0 and all(not any(bits) for bits in self.missing.values())

    def add(self, body: bytes) -> None:
        """Count a scan, by its header."""
        self.count += 1
        components = body[0] if body else 0
        if len(body) < 4 + 2 * components:
            return
        first, last, bits = body[1 + 2 * components], body[2 + 2 * components], body[3 + 2 * components] & 15
        for component in body[1 : 1 + 2 * components : 2]:
            found = self.missing.get(component)
            if found is not None:
                found[first : last + 1] = [bits] * len(found[first : last + 1])


def scans_of(data: bytes) -> Scans:
    """Read the markers up to the first end marker."""
    found, place = Scans(), 2
    while (marker := _MARKER.search(data, place)) is not None:
        kind, place = marker[1][0], marker.end()
        if kind == END:
            found.ended = True
            return found
        if kind in (ALONE, START):
            continue
        length = max(2, int.from_bytes(data[place : place + 2], "big"))
        body = data[place + 2 : place + length]
        if kind in _FRAMES:
            found.missing = {component: [-1] * COEFFICIENTS for component in body[6::3]}
        elif kind == SCAN:
            found.add(body)
        place += length
    return found
