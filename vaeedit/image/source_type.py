"""The IPTC property DigitalSourceType in XMP, which says that a trained model made a picture, or a part of it.

The terms are those of http://cv.iptc.org/newscodes/digitalsourcetype/, which agencies and platforms read.
"""

import re
from typing import Literal

SourceType = Literal["compositeWithTrainedAlgorithmicMedia", "trainedAlgorithmicMedia"]
EDITED: SourceType = "compositeWithTrainedAlgorithmicMedia"
GENERATED: SourceType = "trainedAlgorithmicMedia"
TERMS = b"http://cv.iptc.org/newscodes/digitalsourcetype/"
_NAME = b"Iptc4xmpExt:DigitalSourceType"
_START = (
    b'<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    + _NAME
    + b'="'
)
_END = b'"/>'
_VALUE = re.compile(
    re.escape(_NAME)
    + rb"""(?:\s*+=\s*+["']|\s*+>\s*+|\s++rdf:resource\s*+=\s*+["'])"""
    + rb"""(?P<value>[^"'<\s]*+)"""
)
"""The property as an attribute, an element or a resource."""
_OURS = re.compile(re.escape(_START + TERMS) + rb"[A-Za-z]*+" + re.escape(_END))


def description(source: SourceType) -> bytes:
    """The description of a packet that says it."""
    return _START + TERMS + source.encode() + _END


def without_description(xmp: bytes) -> bytes:
    """The packet without a description as vaeedit writes it."""
    return _OURS.sub(b"", xmp)


def corrected(xmp: bytes) -> tuple[bytes, bool]:
    """A packet whose own property says that a model has edited the picture, and whether it has the property.

    A generated picture remains one.
    """
    found = list(_VALUE.finditer(xmp))
    for match in reversed(found):
        if match["value"] != TERMS + GENERATED.encode():
            xmp = xmp[: match.start("value")] + TERMS + EDITED.encode() + xmp[match.end("value") :]
    return xmp, bool(found)
