"""Provenance: what made a picture, as JSON in its XMP; and how much of the input's metadata an output keeps.

The packet of a picture that has one is kept and one description added to it, so that nobody else's entries are lost.
"""

import os
import re
from dataclasses import replace
from html import escape, unescape
from typing import Any

import msgspec

from vaeedit.image.decode import read
from vaeedit.image.encode import HOLDS
from vaeedit.image.frame import Frame, Metadata
from vaeedit.settings import Policy

NAMESPACE = "urn:vaeedit:made#"
"""Identifies the entry; nothing is behind it."""
_OURS = re.compile(rb'<rdf:Description [^>]*xmlns:vaeedit="[^"]*" vaeedit:made="([^"]*)"/>')
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def described(frame: Frame, made: Any, format: str, policy: Policy = "keep") -> Frame:
    """The frame with the metadata that the policy keeps and, unless `made` is None, a note of what made it.

    "keep" leaves everything, "minimal" what the picture needs to look right (colour profile, resolution); "strip"
    leaves only the profile and not even the note. A format without metadata gets no note.
    """
    metadata = frame.metadata
    if policy == "strip":
        return replace(frame, metadata=Metadata(icc=metadata.icc))
    if policy == "minimal":
        metadata = Metadata(icc=metadata.icc, dpi=metadata.dpi)
    if made is not None and HOLDS[format].metadata:
        metadata = replace(metadata, xmp=_with_note(metadata.xmp, made))
    return replace(frame, metadata=metadata)


def described_file(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a picture file holds, ready for JSON; raises ImageError."""
    frame = read(path)
    metadata = frame.metadata
    return {
        "file": str(path),
        "width": frame.width,
        "height": frame.height,
        "mode": ("grey" if frame.channels == 1 else "RGB") + ("" if frame.alpha is None else " with alpha"),
        "bits": frame.depth,
        "metadata": [name for name in ("exif", "icc", "xmp", "dpi") if getattr(metadata, name)],
        "made": made_of(metadata),
    }


def made_of(metadata: Metadata) -> Any:
    """What `described` noted, or None."""
    found = _OURS.search(metadata.xmp or b"")
    if found is None:
        return None
    try:
        return msgspec.json.decode(unescape(found[1].decode()))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _with_note(xmp: bytes | None, made: Any) -> bytes:
    text = escape(msgspec.json.encode(made).decode(), quote=True)
    note = f'<rdf:Description rdf:about="" xmlns:vaeedit="{NAMESPACE}" vaeedit:made="{text}"/>'.encode()
    if xmp is not None and _OURS.search(xmp):
        return _OURS.sub(lambda _: note, xmp, count=1)
    if xmp is not None and b"</rdf:RDF>" in xmp:
        before, _, after = xmp.rpartition(b"</rdf:RDF>")
        return before + note + b"</rdf:RDF>" + after
    return (
        b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        b'<rdf:RDF xmlns:rdf="' + _RDF.encode() + b'">' + note + b'</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    )
