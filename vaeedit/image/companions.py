"""What a JPEG holds beside its picture: further pictures, a gain map, a film. Outputs lack them; warnings name them."""

import re
from collections.abc import Iterator

from vaeedit.image.jpeg import picture_end

GAIN_MAP = b"http://ns.adobe.com/hdr-gain-map/"
"""The XMP namespace of Ultra HDR, which phones write since Android 14 (ISO 21496-1 has another one)."""
_MOVES = re.compile(rb"""((?:Motion|Micro)(?:Photo|Video)\s*+(?:=\s*+["']|>)\s*+)1""")
"""GCamera:MotionPhoto and GCamera:MicroVideo, by which viewers look for a film at the end of the file."""


def companions(data: bytes, pictures: int) -> Iterator[str]:
    """A sentence for everything beside the first of the `pictures` of a JPEG or MPO file."""
    rest = data[picture_end(data) :]
    film = rest.find(b"ftyp") - 4  # the first box of an MP4: its length, and its kind
    if film >= 0:
        yield f"its film of {len(rest) - film:,} bytes (a motion photo) is left out."
    if GAIN_MAP in data:
        yield "its gain map for HDR screens is left out."
    elif pictures > 1:
        others = "the second one is" if pictures == 2 else f"the other {pictures - 1} are"
        yield f"it holds {pictures} pictures (MPO), such as a preview or the other half of a stereo pair; {others} left out."


def at_rest(xmp: bytes) -> bytes:
    """An XMP packet that does not announce the film of a motion photo."""
    return _MOVES.sub(rb"\g<1>0", xmp)
