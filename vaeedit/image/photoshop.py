"""Photoshop's image resources, which hold IPTC: in JPEG in the segments APP13, in TIFF in two tags."""

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

IPTC, THUMBNAILS = 0x0404, (0x0409, 0x040C)
HEAD = b"Photoshop 3.0\0"
"""The beginning of a segment."""
_LONGEST = 65_533 - len(HEAD)
"""Most bytes of resources in one segment."""


class _Resource(NamedTuple):
    number: int
    content: bytes
    raw: bytes
    """All of its bytes."""


def joined(segments: Iterable[bytes]) -> bytes:
    """The resources in the segments APP13 of a JPEG, without thumbnails, which show the picture before its edit."""
    block = b"".join(segment.removeprefix(HEAD) for segment in segments if segment.startswith(HEAD))
    return b"".join(found.raw for found in _resources(block) if found.number not in THUMBNAILS)


def of_tags(resources: bytes, iptc: bytes) -> bytes:
    """The resources in the two tags of a TIFF; its own tag for IPTC replaces the resource."""
    unwanted = {*THUMBNAILS, *([IPTC] if iptc else [])}
    own = b"8BIM" + struct.pack(">HHL", IPTC, 0, len(iptc)) + iptc + b"\0" * (len(iptc) % 2)
    others = [found.raw for found in _resources(resources) if found.number not in unwanted]
    return b"".join([*([own] if iptc else []), *others])


def split(resources: bytes) -> tuple[bytes, bytes]:
    """The content of IPTC, and the resources without it."""
    found = list(_resources(resources))
    iptc = b"".join(each.content for each in found if each.number == IPTC)
    return iptc, b"".join(each.raw for each in found if each.number != IPTC)


def segments(resources: bytes) -> bytes:
    """The segments APP13 of a JPEG; a resource may continue in the next one."""
    parts = [resources[start : start + _LONGEST] for start in range(0, len(resources), _LONGEST)]
    return b"".join(b"\xff\xed" + struct.pack(">H", 2 + len(HEAD + part)) + HEAD + part for part in parts)


def _resources(block: bytes) -> Iterator[_Resource]:
    """The resources of a block, up to its end or to one that is cut."""
    place = 0
    while block[place : place + 4] == b"8BIM" and place + 12 <= len(block):
        number = int.from_bytes(block[place + 4 : place + 6], "big")
        content = place + 6 + 2 * (block[place + 6] // 2 + 1) + 4  # after a name of even length, and the size
        size = int.from_bytes(block[content - 4 : content], "big")
        if content + size > len(block):
            return
        end = content + size + size % 2
        yield _Resource(number, block[content : content + size], block[place:end].ljust(end - place, b"\0"))
        place = end
