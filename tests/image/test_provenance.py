"""What made a picture travels with it, and what it had before stays."""

from html import escape
from xml.etree import ElementTree

import msgspec
import numpy as np
import pytest
from make import XMP

from vaeedit.image import (
    Frame,
    Metadata,
    as_generated,
    described,
    described_file,
    made_of,
    read,
    without_note,
    write,
    write_bytes,
)
from vaeedit.image.encode import HOLDS
from vaeedit.image.made import DEEPEST, EDITS, file_name
from vaeedit.image.orientation import reset_xmp

STEP = {"operation": "a:b", "options": {"name": 'quotes " & <tags>'}, "vae": "denoise", "checksum": "0"}
MADE = {"version": "1", "seed": 3, "precision": "auto", "steps": [STEP]}
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


def with_xmp(xmp):
    return Frame(FRAME.pixels, metadata=Metadata(xmp=xmp))


def noted(text):
    """A packet with this note."""
    note = f'<rdf:Description rdf:about="" xmlns:vaeedit="urn:vaeedit:made#" vaeedit:made="{escape(text)}"/>'
    return b"<rdf:RDF>" + note.encode() + b"</rdf:RDF>"


def edited(times, frame=FRAME, format="JPEG", options=None):
    """A picture after as many edits, each of which notes the one before."""
    step = {**STEP, "options": options or STEP["options"]}
    for number in range(times):
        before = made_of(frame.metadata)
        made = {**MADE, "seed": number, "steps": [step]}
        frame = described(frame, made if before is None else {**made, "before": before}, format)
    return frame


@pytest.mark.parametrize("times", [EDITS, EDITS + 1, 200])
def test_a_history_tells_the_last_edits_and_counts_the_others(times):
    frame = edited(times, with_xmp(XMP_WITH_RDF))
    assert b'dc:title="Sea"' in frame.metadata.xmp
    seeds, made = [], made_of(frame.metadata)
    while made is not None:
        seeds.append(made["seed"])
        last, made = made, made.get("before")
    assert seeds == list(range(times - 1, times - 1 - EDITS, -1))
    assert last.get("earlier", 0) == times - EDITS
    assert len(frame.metadata.xmp) < 10_000


@pytest.mark.parametrize("spare", [50, 1200, 3000, 20_000])
def test_what_the_owner_wrote_stays_however_little_room_it_leaves(tmp_path, spare):
    """The packet with the owner's text is the longest that a JPEG can hold, less the room for a note."""
    padding = b"<x:a>" + b" " * (HOLDS["JPEG"].longest - spare - len(XMP_WITH_RDF) - 11) + b"</x:a>"
    owner = XMP_WITH_RDF.replace(b"</rdf:RDF>", padding + b"</rdf:RDF>")
    frame = edited(30, with_xmp(owner), options={"text": "x" * 500})
    assert write(frame, tmp_path / "x.jpg") == []
    found = read(tmp_path / "x.jpg")
    assert without_note(found).metadata.xmp == owner
    made = made_of(found.metadata)
    assert (made is None) == (spare < 1000)
    edits = str(made).count("'version'")
    assert made is None or (edits < EDITS if spare == 3000 else edits <= EDITS)


def test_an_old_note_makes_room_where_a_format_holds_less():
    padding = b" " * (HOLDS["JPEG"].longest - 300)
    owner = b"<rdf:RDF>" + padding + b"</rdf:RDF>"
    frame = edited(3, with_xmp(owner), "PNG")
    assert described(frame, None, "JPEG").metadata.xmp == owner
    assert described(frame, None, "BMP").metadata.xmp == owner
    assert described(edited(3), None, "BMP").metadata.xmp is None


@pytest.mark.parametrize(
    "owner",
    [b"no xml", XMP % 1, "<rdf:RDF>\u00e9</rdf:RDF>".encode("utf-16"), b"<rdf:RDF/>", b"\xff\x00</rdf:RDF>"],
)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_packet_of_any_shape_survives(tmp_path, owner, format):
    path = tmp_path / f"x.{format.lower()}"
    path.write_bytes(write_bytes(edited(2, with_xmp(owner), format), format)[0])
    assert without_note(read(path)).metadata.xmp == owner


def test_a_note_can_be_taken_away():
    assert without_note(edited(3)).metadata == FRAME.metadata
    assert without_note(edited(3, with_xmp(XMP_WITH_RDF))).metadata.xmp == XMP_WITH_RDF
    assert without_note(FRAME) is FRAME


def nested(depth, kind=list):
    found = 0
    for _ in range(depth):
        found = [found] if kind is list else {"a": found}
    return found


@pytest.mark.parametrize("depth", [DEEPEST, 500, 900])
@pytest.mark.parametrize("kind", [list, dict])
def test_a_deep_note_is_no_note(tmp_path, depth, kind):
    step = {**STEP, "options": {"a": nested(depth, kind)}}
    frame = with_xmp(noted(msgspec.json.encode({**MADE, "steps": [step]}).decode()))
    assert made_of(frame.metadata) is None
    again = described(frame, {**MADE, "before": {**MADE, "steps": [step]}}, "JPEG")
    assert made_of(again.metadata) == {**MADE, "earlier": 1}
    write(frame, tmp_path / "x.png")
    assert described_file(tmp_path / "x.png")["made"] is None


@pytest.mark.parametrize(
    "text",
    [
        '{"before":' * 100_000 + "1" + "}" * 100_000,
        "[" * 1_000_000,
        '{"seed": -1}',
        '{"seed": ' + "9" * 5000 + "}",
        '{"steps": 3}',
        '{"steps": [{"operation": 1, "options": {}}]}',
        '{"steps": [{"operation": "a", "options": []}]}',
        '{"steps": [{"operation": "a"}]}',
        '{"version": "' + "x" * 2_000_000 + '"}',
        "[]",
        '"\\ud800"',
    ],
)
def test_a_note_of_another_shape_is_no_note(text):
    frame = with_xmp(noted(text))
    assert made_of(frame.metadata) is None
    assert made_of(described(frame, MADE, "PNG").metadata) == MADE


@pytest.mark.parametrize("reference", ["&#" + "9" * 5000 + ";", "&#xd800;", "&" * 1000, "&#x110000;"])
def test_references_of_characters_that_are_none_are_no_note(reference):
    xmp = noted('{"version": "@"}').replace(b"@", reference.encode())
    made_of(Metadata(xmp=xmp))


def test_only_names_of_files_are_published():
    places = {
        "a": "/home/me/x.png",
        "b": ["C:\\Users\\me\\y.png", "~/z"],
        "c": "file:///home/me/w",
        "d": "1/2",
    }
    step = {**STEP, "options": places, "vae": "/home/me/mine.safetensors"}
    other = {**STEP, "vae": "models/mine.safetensors"}
    frame = described(FRAME, {**MADE, "steps": [step], "before": {**MADE, "steps": [other]}}, "PNG")
    made = made_of(frame.metadata)
    assert made["steps"][0]["options"] == {"a": "x.png", "b": ["y.png", "z"], "c": "w", "d": "1/2"}
    assert [made["steps"][0]["vae"], made["before"]["steps"][0]["vae"]] == ["mine.safetensors"] * 2
    assert b"home" not in frame.metadata.xmp


def test_a_name_that_is_not_utf_8_can_be_noted():
    step = {**STEP, "options": {"style": ["caf\udce9.png"]}}
    made = made_of(described(FRAME, {**MADE, "steps": [step]}, "PNG").metadata)
    assert made["steps"][0]["options"] == {"style": ["caf\\udce9.png"]}


@pytest.mark.parametrize("path", ["/a/b.png", "b.png", "C:\\a\\b.png", "a/b.png/"])
def test_the_name_of_a_file(path):
    assert file_name(path) == "b.png"


@pytest.mark.parametrize(
    "piece",
    [
        b"<rdf:Description ",
        b'<rdf:Description rdf:about="" xmlns:vaeedit="urn:vaeedit:made#" vaeedit:made="',
        b"tiff:Orientation",
        b"tiff:Orientation=",
        b"</rdf:RDF>",
        b"&quot;",
        b" ",
    ],
)
def test_sixteen_megabytes_are_one_pass(piece):
    """Patterns that try again at each of a million beginnings would take hours."""
    xmp = (piece * (16 * 2**20 // len(piece) + 1))[: 16 * 2**20]
    assert made_of(Metadata(xmp=xmp)) is None
    assert reset_xmp(b"tiff:Orientation" + xmp) == b"tiff:Orientation" + xmp
    assert without_note(described(with_xmp(xmp), MADE, "PNG")).metadata.xmp == xmp


TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/"
EDITED, GENERATED = (
    TERMS + name for name in ("compositeWithTrainedAlgorithmicMedia", "trainedAlgorithmicMedia")
)
NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "i": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}


def source_types(xmp):
    """All values of DigitalSourceType in a packet, read as XML."""
    root = ElementTree.fromstring(xmp)
    name = f"{{{NAMESPACES['i']}}}DigitalSourceType"
    attributes = [
        node.get(name) for node in root.iter(f"{{{NAMESPACES['rdf']}}}Description") if node.get(name)
    ]
    return attributes + [
        node.text or node.get(f"{{{NAMESPACES['rdf']}}}resource") for node in root.iter(name)
    ]


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "avif"])
def test_a_picture_says_that_a_model_has_edited_it(tmp_path, suffix):
    write(described(FRAME, MADE, "PNG"), tmp_path / f"x.{suffix}")
    found = read(tmp_path / f"x.{suffix}")
    assert source_types(found.metadata.xmp) == [EDITED]
    again = described(found, MADE, "PNG")
    assert source_types(again.metadata.xmp) == [EDITED]
    assert without_note(again).metadata.xmp is None


@pytest.mark.parametrize(
    "own",
    [
        b'<rdf:Description rdf:about="" Iptc4xmpExt:DigitalSourceType="%s"/>',
        b"<rdf:Description><Iptc4xmpExt:DigitalSourceType>%s</Iptc4xmpExt:DigitalSourceType></rdf:Description>",
        b'<rdf:Description><Iptc4xmpExt:DigitalSourceType rdf:resource="%s"/></rdf:Description>',
    ],
)
def test_what_the_picture_said_before_is_corrected(own):
    head = (
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:Iptc4xmpExt="%s">'
        % NAMESPACES["i"].encode()
    )
    for before, after in ((TERMS + "digitalCapture", EDITED), (GENERATED, GENERATED)):
        packet = head + own % before.encode() + b"</rdf:RDF>"
        edited = described(with_xmp(packet), MADE, "PNG").metadata
        assert source_types(edited.xmp) == [after]
        assert made_of(edited) == MADE


def test_a_generated_picture_says_so_and_remains_one():
    frame = as_generated(FRAME, "PNG")
    assert source_types(frame.metadata.xmp) == [GENERATED]
    assert source_types(described(frame, MADE, "PNG").metadata.xmp) == [GENERATED]
    assert as_generated(FRAME, "BMP") is FRAME
    assert source_types(as_generated(FRAME, "PNG", edited=True).metadata.xmp) == [EDITED]


def test_policies_leave_it_out_or_keep_it():
    assert source_types(described(FRAME, MADE, "JPEG", "minimal").metadata.xmp) == [EDITED]
    assert described(FRAME, MADE, "JPEG", "strip").metadata.xmp is None
    assert described(FRAME, None, "JPEG").metadata.xmp is None
