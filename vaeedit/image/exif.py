"""EXIF that agrees with an edited picture. Bytes are changed in their places, so that maker notes keep their offsets."""

import io
import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress

import cv2
from PIL import Image

from vaeedit.image.frame import Frame
from vaeedit.image.jpeg import picture_end
from vaeedit.image.orientation import TAG

STRIPS, STRIP_SIZES = 0x0111, 0x0117
_POINTERS = (0x8769, 0xA005)
"""To the directory of EXIF, and from there to the one of interoperability."""
WIDTHS, HEIGHTS = (0x0100, 0xA002, 0x1001), (0x0101, 0xA003, 0x1002)
"""ImageWidth, PixelXDimension and RelatedImageWidth, and the same for the height."""
SIDE = 160
"""Pixels of the longer side of a thumbnail."""
_JPEG = re.compile(rb"\xff\xd8\xff[\xc0-\xfe]")
_MOST = 8
"""Most pictures in one EXIF block: its thumbnail, and previews in maker notes."""


class Block:
    """The bytes of an EXIF block, which can be changed in place; its methods raise struct.error for one that ends early."""

    def __init__(self, exif: bytes) -> None:
        self.data = bytearray(exif)
        self.start = 6 if exif.startswith(b"Exif\0\0") else 0
        self._order = ">" if exif[self.start : self.start + 2] == b"MM" else "<"

    def long(self, place: int) -> int:
        """The 32-bit number at a place, an index of `data`."""
        return int(struct.unpack_from(f"{self._order}L", self.data, place)[0])

    def directories(self) -> Iterator[tuple[bool, Mapping[int, int]]]:
        """The first directory, those it points to, and the second one: whether it is that, and the places of its tags."""
        tags, following = self._directory(self.start + self.long(self.start + 4))
        yield False, tags
        inner = tags
        for pointer in _POINTERS:
            if pointer in inner:
                inner, _ = self._directory(self.start + self.long(inner[pointer] + 8))
                yield False, inner
        if following:
            yield True, self._directory(self.start + following)[0]

    def put(self, place: int, value: int) -> None:
        """Set the tag at a place to one number, a SHORT or a LONG."""
        kind, form = (3, "HH") if value < 1 << 16 else (4, "L")
        values = (value, 0) if kind == 3 else (value,)
        struct.pack_into(f"{self._order}HL{form}", self.data, place + 2, kind, 1, *values)

    def _directory(self, place: int) -> tuple[dict[int, int], int]:
        """The places of a directory's tags as far as it reaches, and the offset of the directory that follows, or 0."""
        count = struct.unpack_from(f"{self._order}H", self.data, place)[0]
        end = place + 2 + 12 * count
        places = range(place + 2, min(end, len(self.data) - 11), 12)
        tags = {struct.unpack_from(f"{self._order}H", self.data, entry)[0]: entry for entry in places}
        return tags, self.long(end) if end + 4 <= len(self.data) else 0


def reset_exif(exif: bytes) -> bytes:
    """An EXIF block with its orientation set to 1; every other byte, also of maker notes, stays in its place."""
    block = Block(exif)
    with suppress(struct.error):  # a block that ends early has no orientation
        for _, tags in block.directories():
            if TAG in tags:
                block.put(tags[TAG], 1)
    return bytes(block.data)


def up_to_date(exif: bytes, frame: Frame) -> bytes:
    """An EXIF block with the size of the frame and with its thumbnail; other pictures in the block become thumbnails, too.

    A picture for which there is too little room is overwritten by zeros.
    """
    block = Block(exif)
    with suppress(struct.error):
        for is_thumbnail, tags in block.directories():
            if is_thumbnail:
                _blank_strips(block, tags)
            else:
                for widths_or_heights, value in ((WIDTHS, frame.width), (HEIGHTS, frame.height)):
                    for tag in tags.keys() & {*widths_or_heights}:
                        block.put(tags[tag], value)
    _repaint(block.data, frame)
    return bytes(block.data)


def _blank_strips(block: Block, tags: Mapping[int, int]) -> None:
    """Overwrite a thumbnail that is not compressed."""
    if tags.keys() >= {STRIPS, STRIP_SIZES}:
        first, size = block.start + block.long(tags[STRIPS] + 8), block.long(tags[STRIP_SIZES] + 8)
        end = min(first + size, len(block.data))
        block.data[first:end] = bytes(max(0, end - first))


def _repaint(data: bytearray, frame: Frame) -> None:
    """Overwrite all JPEG pictures in the bytes by thumbnails of the frame."""
    done = 0
    for match, _ in zip(_JPEG.finditer(bytes(data)), range(_MOST), strict=False):
        start = match.start()
        if start < done:
            continue
        picture = bytes(data[start:])
        room = picture_end(picture)
        if _is_picture(picture[:room]):
            done = start + room
            data[start:done] = _thumbnail(frame, room).ljust(room, b"\0")


def _is_picture(data: bytes) -> bool:
    try:
        Image.open(io.BytesIO(data), formats=("JPEG",))
    except Exception:  # Pillow raises anything on what is no picture
        return False
    return True


def _thumbnail(frame: Frame, room: int) -> bytes:
    """The frame as a JPEG of at most `room` bytes; nothing if there is too little room."""
    scale = min(1.0, SIDE / max(frame.width, frame.height))
    size = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    small = cv2.resize(frame.pixels, size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0], -1)
    values = Frame(small).as_uint8()
    image = Image.fromarray(values[..., 0] if values.shape[2] == 1 else values)
    for quality in (88, 75, 60, 40, 20):
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() <= room:
            return buffer.getvalue()
    return b""
