"""What a file says beside its pixels: IPTC, comments, texts of PNG, and EXIF and XMP about the size and with thumbnails."""

import io
import struct
import zlib

import make
import numpy as np
import png
import pytest
from PIL import ExifTags, Image, IptcImagePlugin

from vaeedit.image import Frame, Metadata, read_bytes, write_bytes
from vaeedit.image.exif import up_to_date
from vaeedit.image.photoshop import IPTC, THUMBNAILS, of_tags, split

CAPTION = b"\x1c\x02\x78\x00\x07a whale"
"""One data set of IPTC: record 2, number 120, 7 bytes."""


def resource(number: int, content: bytes, name: bytes = b"") -> bytes:
    name = bytes([len(name)]) + name
    raw = b"8BIM" + struct.pack(">H", number) + name + bytes(len(name) % 2) + struct.pack(">L", len(content))
    return raw + content + bytes(len(content) % 2)


RESOURCES = resource(1032, b"grid", b"gd") + resource(IPTC, CAPTION) + resource(THUMBNAILS[1], b"old picture")


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(content)) + content


def jpeg(*segments: bytes, values=None, **options) -> bytes:
    data = make.pillow(make.ramp("RGB") if values is None else values, "JPEG", **options)
    return data[:2] + b"".join(segments) + data[2:]


FULL = jpeg(
    segment(0xED, b"Photoshop 3.0\0" + RESOURCES),
    segment(0xFE, b"first"),
    segment(0xFE, "zweiter \u263a".encode()),
)


def rewritten(data: bytes, format: str) -> tuple[bytes, list[str]]:
    return write_bytes(read_bytes(data, "x"), format)


def test_a_jpeg_keeps_iptc_and_comments_but_no_thumbnail_of_photoshop():
    data, warnings = rewritten(FULL, "JPEG")
    assert warnings == []
    with Image.open(io.BytesIO(data)) as image:
        assert IptcImagePlugin.getiptcinfo(image)[2, 120] == b"a whale"
        assert [content for name, content in image.applist if name == "COM"] == [
            b"first",
            "zweiter \u263a".encode(),
        ]
        assert image.info["photoshop"][1032] == b"grid"
    assert b"old picture" in FULL
    assert b"old picture" not in data


def test_iptc_goes_into_a_tiff_and_back():
    data, warnings = rewritten(FULL, "TIFF")
    assert warnings == ["TIFF cannot hold a comment; it was left out."]
    with Image.open(io.BytesIO(data)) as image:
        assert image.tag_v2[33723] == CAPTION
        assert IptcImagePlugin.getiptcinfo(image)[2, 120] == b"a whale"
    back, _ = rewritten(data, "JPEG")
    with Image.open(io.BytesIO(back)) as image:
        assert image.info["photoshop"] == {IPTC: CAPTION, 1032: b"grid"}


def test_iptc_that_a_tiff_declares_as_numbers_is_the_same():
    padded = CAPTION + bytes(-len(CAPTION) % 4)
    numbers = struct.unpack(f"<{len(padded) // 4}L", padded)
    data = make.tiff(make.samples("RGB", 16), extratags=[(33723, "I", len(numbers), numbers, True)])
    assert split(read_bytes(data, "x").metadata.photoshop)[0] == padded


@pytest.mark.parametrize("format", ["PNG", "WEBP", "AVIF", "BMP"])
def test_what_other_formats_cannot_hold_is_named(format):
    data, warnings = rewritten(FULL, format)
    comment = [f"{format} cannot hold a comment; it was left out."]
    assert warnings == [*([] if format == "PNG" else comment), f"{format} cannot hold IPTC; it was left out."]
    if format == "PNG":
        assert Image.open(io.BytesIO(data)).text == {"Comment": "zweiter \u263a"}


def test_resources_that_end_early_are_kept_as_far_as_they_go():
    cut = of_tags(RESOURCES[:-15], b"")
    assert cut == resource(1032, b"grid", b"gd") + resource(IPTC, CAPTION)
    assert of_tags(b"8BIM\0", b"") == b""


CHUNKS = [
    (b"tEXt", b"Title\0Wal \xe4"),
    (b"zTXt", b"Comment\0\0" + zlib.compress(b"deep")),
    (b"iTXt", "Author\0\0\0de\0Autor\0J\u014drg".encode()),
    (b"vpAg", b"12345678\0"),
]


def with_chunks(data: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    return data[:33] + b"".join(make.png_chunk(*chunk) for chunk in chunks) + data[33:]


@pytest.mark.parametrize("depth", [8, 16])
def test_a_png_keeps_its_texts_byte_for_byte(depth):
    values = make.samples("RGB", depth)
    source = make.pillow(values, "PNG") if depth == 8 else make.png_16(values)
    data, warnings = rewritten(with_chunks(source, *CHUNKS), "PNG")
    assert warnings == []
    assert [chunk for chunk in png.Reader(bytes=data).chunks() if chunk in CHUNKS] == CHUNKS


def test_a_comment_of_a_png_becomes_one_of_a_jpeg_and_other_texts_are_named():
    data, warnings = rewritten(with_chunks(make.pillow(make.ramp("RGB"), "PNG"), *CHUNKS), "JPEG")
    assert warnings == ["JPEG cannot hold the text Title, Author, vpAg; it was left out."]
    assert Image.open(io.BytesIO(data)).info["comment"] == b"deep"


def test_what_reading_leaves_out_is_named():
    c2pa = segment(0xEB, b"JP\0\1\0\0\0\1jumb")
    frame = read_bytes(jpeg(c2pa, c2pa, segment(0xE5, b"Vendor\0\1\2"), segment(0xEC, b"Ducky\0\1")), "x")
    assert frame.warnings == (
        "its Content Credentials (C2PA) are left out: they are about the picture before its edit.",
        "its segment APP5 (Vendor) is left out.",
    )
    frame = read_bytes(
        with_chunks(make.pillow(make.ramp("RGB"), "PNG"), (b"caBX", b"x"), (b"tIME", bytes(7))), "x"
    )
    assert frame.warnings == ("its chunk caBX is left out.",)


RED, BLUE = (np.full((90, 160, 3), color, np.uint8) for color in ([200, 20, 20], [20, 20, 200]))


def exif_with_pictures(order: str = "<") -> bytes:
    """EXIF of a picture of 4000 x 3000, with a red thumbnail and a red preview in its maker notes."""
    red = make.pillow(RED, "JPEG")
    notes = b"MAKER" + red + b"END"

    def directory(entries, following):
        body = b"".join(struct.pack(f"{order}HHLL", *entry) for entry in entries)
        return struct.pack(f"{order}H", len(entries)) + body + struct.pack(f"{order}L", following)

    first, inner, second = 8, 8 + 2 + 48 + 4, 8 + 2 + 48 + 4 + 2 + 36 + 4
    data = second + 2 + 36 + 4
    short = (lambda value: value) if order == "<" else (lambda value: value << 16)
    block = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}L", first)
    block += directory(
        [(0x100, 4, 1, 4000), (0x101, 4, 1, 3000), (0x112, 3, 1, short(1)), (0x8769, 4, 1, inner)], second
    )
    block += directory(
        [(0x927C, 7, len(notes), data), (0xA002, 3, 1, short(4000)), (0xA003, 3, 1, short(3000))], 0
    )
    block += directory(
        [(0x112, 3, 1, short(6)), (0x201, 4, 1, data + len(notes)), (0x202, 4, 1, len(red))], 0
    )
    return b"Exif\0\0" + block + notes + red


def pictures_in(block: bytes) -> list[np.ndarray]:
    """The JPEGs at the places where their first bytes are."""
    places = [place for place in range(len(block)) if block.startswith(b"\xff\xd8\xff", place)]
    return [np.asarray(Image.open(io.BytesIO(block[place:])).convert("RGB")) for place in places]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("format", "dtype"), [("JPEG", np.uint8), ("PNG", np.uint16), ("WEBP", np.uint8)])
def test_the_size_and_every_picture_in_exif_are_those_of_the_result(format, dtype, order):
    before = exif_with_pictures(order)
    assert len(pictures_in(before)) == 2
    tall = np.repeat(BLUE.transpose(1, 0, 2), 3, axis=0).astype(dtype) * dtype(
        257 if dtype == np.uint16 else 1
    )
    data, warnings = write_bytes(Frame(tall, metadata=Metadata(exif=before)), format)
    assert warnings == []
    found = read_bytes(data, "x").metadata.exif
    for picture in pictures_in(found):
        assert abs(picture.astype(int) - [20, 20, 200]).max() < 12
        assert picture.shape == (160, 30, 3)
    assert len(pictures_in(found)) == 2
    tags = Image.Exif()
    tags.load(found)
    assert (tags[0x100], tags[0x101]) == (90, 480)
    inner = tags.get_ifd(0x8769)
    assert (inner[0xA002], inner[0xA003]) == (90, 480)
    assert inner[0x927C].startswith(b"MAKER")
    assert inner[0x927C].endswith(b"END")
    assert tags.get_ifd(ExifTags.IFD.IFD1)[0x112] == 1
    assert len(found) == len(before)


def test_a_thumbnail_without_room_and_one_without_compression_are_blanked():
    block = exif_with_pictures()
    small = Frame(make.samples("RGB", 8, 90, 160))  # noise, which takes more bytes than one color
    assert pictures_in(up_to_date(block, small)) == []
    raw = bytearray(block.replace(struct.pack("<HHL", 0x201, 4, 1), struct.pack("<HHL", 0x111, 4, 1)))
    raw = bytes(raw).replace(struct.pack("<HHL", 0x202, 4, 1), struct.pack("<HHL", 0x117, 4, 1))
    assert not any(up_to_date(raw, small)[-400:])


@pytest.mark.parametrize("form", [b'%s="%d"', b"<%s>%d</x>"])
def test_xmp_tells_the_size_of_the_result_and_holds_no_thumbnail(form):
    names = [b"tiff:ImageWidth", b"tiff:ImageLength", b"exif:PixelXDimension", b"exif:PixelYDimension"]
    thumbnail = b"<xmp:Thumbnails><rdf:Alt>QUJD</rdf:Alt></xmp:Thumbnails>"
    packet = b" ".join(form % (name, 4000) for name in names) + thumbnail + b" Rating=4000"
    data, _ = write_bytes(Frame(BLUE, metadata=Metadata(xmp=packet)), "JPEG")
    expected = (
        b" ".join(form % pair for pair in zip(names, (160, 90, 160, 90), strict=True)) + b" Rating=4000"
    )
    assert read_bytes(data, "x").metadata.xmp == expected
