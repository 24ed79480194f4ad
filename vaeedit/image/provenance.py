"""Provenance: a note in the XMP of a picture, as JSON, on the edits that made it; and the metadata that an output keeps.

An XMP packet that the picture has is kept, and one description is added to it, so that no other entry is lost.
"""

import os
import re
from dataclasses import fields, replace
from html import escape, unescape
from typing import Any

import msgspec

from vaeedit.image.encode import HOLDS
from vaeedit.image.frame import Frame, Metadata
from vaeedit.image.made import Made, edits_of, mapping_of, notes
from vaeedit.image.pages import read_pages
from vaeedit.image.source_type import (
    EDITED,
    GENERATED,
    corrected,
    description,
    without_description,
)
from vaeedit.limits import TEXT, XMP
from vaeedit.settings import Policy

NAMESPACE = "urn:vaeedit:made#"
"""Identifies the entry; it is not an address."""
_START = b'<rdf:Description rdf:about="" xmlns:vaeedit="' + NAMESPACE.encode() + b'" vaeedit:made="'
_END = b'"/>'
_OURS = re.compile(re.escape(_START) + rb'([^"<]*+)' + re.escape(_END))
"""A note; as it ends before the next one can begin, no byte is examined more than twice."""
_HEAD = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
)
_CLOSE = b"</rdf:RDF>"
_TAIL = _CLOSE + b'</x:xmpmeta><?xpacket end="w"?>'


def described(frame: Frame, made: Any, format: str, policy: Policy = "keep") -> Frame:
    """The frame with the metadata that the policy keeps and, unless `made` is None, a note on the edits that made it.

    "keep" keeps everything; "minimal" keeps what the picture needs to look right (color profile, resolution) and the
    note; "strip" keeps the color profile only. A format without metadata gets no note; if other metadata leaves too little
    room, the note is shortened or left out.
    """
    metadata = frame.metadata
    if policy == "strip":
        return replace(frame, metadata=Metadata(icc=metadata.icc, coding=metadata.coding))
    if policy == "minimal":
        metadata = Metadata(icc=metadata.icc, dpi=metadata.dpi, coding=metadata.coding)
    holds, xmp = HOLDS[format], metadata.xmp
    if made is not None and holds.metadata:
        xmp = _with_note(xmp, edits_of(made), holds.longest)
    elif xmp is not None and (not holds.metadata or len(xmp) > holds.longest):
        xmp = _without_note(xmp)
    return replace(frame, metadata=replace(metadata, xmp=xmp))


def as_generated(frame: Frame, format: str, *, edited: bool = False) -> Frame:
    """The frame with XMP that says that a model has made it or a part of it, if the format holds XMP."""
    packet = _HEAD + description(EDITED if edited else GENERATED) + _TAIL
    return replace(frame, metadata=replace(frame.metadata, xmp=packet)) if HOLDS[format].metadata else frame


def without_note(frame: Frame) -> Frame:
    """The frame without a note on its edits and without what kind of picture that made it; the same object if it has none."""
    xmp = frame.metadata.xmp
    kept = _without_note(xmp)
    return frame if kept == xmp else replace(frame, metadata=replace(frame.metadata, xmp=kept))


def described_file(path: str | os.PathLike[str]) -> dict[str, Any]:
    """A description of a picture file, ready for JSON; of several pictures, that of the first one. Raises ImageError."""
    pages = read_pages(path)
    frame, metadata = pages.first, pages.first.metadata
    return {
        "file": str(path),
        "width": frame.width,
        "height": frame.height,
        "mode": ("gray" if frame.channels == 1 else "RGB") + ("" if frame.alpha is None else " with alpha"),
        "bits": frame.depth,
        "pictures": len(pages),
        "metadata": [each.name for each in fields(metadata) if each.compare and getattr(metadata, each.name)],
        "made": made_of(metadata),
    }


def made_of(metadata: Metadata) -> dict[str, Any] | None:
    """The note that `described` wrote, or None; `before` holds the previous edit, `earlier` the number of those left out."""
    xmp = metadata.xmp or b""
    match = _OURS.search(xmp) if len(xmp) <= XMP.value else None
    if match is None or len(match[1]) > TEXT.value:
        return None
    try:
        return mapping_of(edits_of(msgspec.json.decode(unescape(match[1].decode()))))
    except (msgspec.MsgspecError, ValueError, RecursionError):  # also invalid UTF-8 or character references
        return None


def _with_note(xmp: bytes | None, edits: list[Made], longest: int) -> bytes | None:
    """The packet with a note instead of an older one: as many edits as fit, and all that other software wrote.

    It also says that a model has edited the picture (`source_type`), if one has.
    """
    if xmp is not None and len(xmp) > XMP.value:
        return xmp
    by_model = any(edit.earlier or any(step.vae for step in edit.steps) for edit in edits)
    marked = [kind for kind in (GENERATED, EDITED) if description(kind) in (xmp or b"")]
    kinds = marked or [EDITED] * by_model
    others = _without_note(xmp) or b""
    others, has_type = corrected(others) if kinds else (others, False)
    before, close, after = (_HEAD, b"", _TAIL) if not others else others.rpartition(_CLOSE)
    if others and not close:  # no packet that a description could be added to
        return others
    room = min(longest, XMP.value) - len(before) - len(close) - len(after) - len(_START) - len(_END)
    source = description(kinds[0]) if kinds and not has_type else b""
    if len(source) > room:
        source = b""
    before, room = before + source, room - len(source)
    for note in notes(edits):
        text = escape(note, quote=True).encode()
        if len(text) <= min(room, TEXT.value):
            return before + _START + text + _END + close + after
    return before + close + after if source else others or None


def _without_note(xmp: bytes | None) -> bytes | None:
    """The part of a packet that other software wrote."""
    if xmp is None or len(xmp) > XMP.value:
        return xmp
    kept = without_description(_OURS.sub(b"", xmp))
    return None if kept == _HEAD + _TAIL else kept
