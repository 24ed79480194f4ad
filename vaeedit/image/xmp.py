"""XMP that agrees with an edited picture. Only the values concerned change; a packet of any shape stays one."""

import re

from vaeedit.image.frame import Frame

_SIZES = {
    "width": re.compile(rb"""((?:tiff:ImageWidth|exif:PixelXDimension)\s*+(?:=\s*+["']|>)\s*+)\d++"""),
    "height": re.compile(rb"""((?:tiff:ImageLength|exif:PixelYDimension)\s*+(?:=\s*+["']|>)\s*+)\d++"""),
}
_THUMBNAILS = [(b"<%s:Thumbnails>" % prefix, b"</%s:Thumbnails>" % prefix) for prefix in (b"xmp", b"xap")]


def up_to_date_xmp(xmp: bytes, frame: Frame) -> bytes:
    """A packet with the size of the frame, and without thumbnails."""
    for side, pattern in _SIZES.items():
        xmp = pattern.sub(rb"\g<1>%d" % getattr(frame, side), xmp)
    for start, end in _THUMBNAILS:
        before, _, rest = xmp.partition(start)
        xmp = before + rest.partition(end)[2] if end in rest else xmp
    return xmp
