"""What made a picture travels with it, and what it had before stays."""

import numpy as np
import pytest
from make import XMP

from vaeedit.image import Frame, Metadata, described, made_of, read, write

MADE = {"version": "1", "seed": 3, "steps": [{"operation": "a:b", "options": {"name": 'quotes " & <tags>'}}]}
FRAME = Frame(np.zeros((4, 5, 3), np.uint8))
XMP_WITH_RDF = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="Sea"/></rdf:RDF></x:xmpmeta>'
)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "avif"])
def test_the_note_survives_a_file(tmp_path, suffix):
    path = tmp_path / f"x.{suffix}"
    assert write(described(FRAME, MADE, "PNG"), path) == []
    assert made_of(read(path).metadata) == MADE


def test_a_16_bit_picture_has_it_too(tmp_path):
    deep = Frame(np.zeros((4, 5, 3), np.uint16))
    write(described(deep, MADE, "PNG"), tmp_path / "x.png")
    assert made_of(read(tmp_path / "x.png").metadata) == MADE


def test_a_format_without_metadata_gets_no_note_and_no_warning(tmp_path):
    assert write(described(FRAME, MADE, "BMP"), tmp_path / "x.bmp") == []


def test_entries_of_others_stay_and_an_older_note_goes():
    source = Frame(FRAME.pixels, metadata=Metadata(xmp=XMP_WITH_RDF))
    once = described(source, {"seed": 1}, "JPEG")
    twice = described(once, MADE, "JPEG")
    assert b'dc:title="Sea"' in twice.metadata.xmp
    assert made_of(twice.metadata) == MADE
    assert twice.metadata.xmp.count(b' vaeedit:made="') == 1


def test_policies_keep_what_they_say():
    full = Metadata(exif=b"Exif\0\0x", icc=b"profile", xmp=XMP % 1, dpi=(72.0, 72.0))
    source = Frame(FRAME.pixels, metadata=full)
    kept = described(source, MADE, "JPEG").metadata
    assert (kept.exif, kept.icc, kept.dpi) == (full.exif, full.icc, full.dpi)
    minimal = described(source, MADE, "JPEG", "minimal").metadata
    assert (minimal.exif, minimal.icc, minimal.dpi) == (None, full.icc, full.dpi)
    assert made_of(minimal) == MADE
    assert b"Rating" not in minimal.xmp
    assert described(source, MADE, "JPEG", "strip").metadata == Metadata(icc=full.icc)


@pytest.mark.parametrize(
    "xmp", [None, b"", b"no xml", XMP, b'<rdf:Description xmlns:vaeedit="u" vaeedit:made="{"/>']
)
def test_pictures_that_say_nothing_or_nonsense_say_none(xmp):
    assert made_of(Metadata(xmp=xmp)) is None
