"""The segments of a JPEG for Photoshop's resources and comments, and those that outputs lack, for warnings."""

import re
from collections.abc import Iterable, Iterator

from vaeedit.image.frame import Metadata
from vaeedit.image.photoshop import HEAD, segments

_USED = (
    *(
        b"JFIF",
        b"Ducky",
        b"Exif\0",
        b"http://ns.adobe.com/xap/1.0/\0",
        b"ICC_PROFILE\0",
        b"MPF\0",
        b"Adobe",
        HEAD,
    ),
    b"urn:iso:std:iso:ts:21496",  # a gain map, which has a warning of its own
)
"""Beginnings of segments that are kept or used, or that other warnings are about."""
_NAMED = {
    b"JP": "its Content Credentials (C2PA) are left out: they are about the picture before its edit.",
    b"http://ns.adobe.com/xmp/extension/\0": "its extended XMP is left out.",
}
"""Beginnings of other known segments, and the sentence for each."""
_PRINTABLE = re.compile(rb"[\x21-\x7e]{2,40}")


def left_out_segments(found: Iterable[tuple[str, bytes]]) -> Iterator[str]:
    """A sentence for each kind of segment that is neither kept nor used; `found` are pairs of marker and content."""
    yield from dict.fromkeys(
        _sentence(marker, content)
        for marker, content in found
        if marker != "COM" and content and not content.startswith(_USED)
    )


def _sentence(marker: str, content: bytes) -> str:
    for start, sentence in _NAMED.items():
        if content.startswith(start):
            return sentence
    text = _PRINTABLE.match(content)
    return f"its segment {marker}" + (f" ({text[0].decode()})" if text else "") + " is left out."


def jpeg_segments(metadata: Metadata) -> bytes:
    """The segments of a JPEG for Photoshop's resources and comments."""
    comments = (b"\xff\xfe" + (2 + len(text)).to_bytes(2, "big") + text for text in metadata.comments)
    return segments(metadata.photoshop or b"") + b"".join(comments)
