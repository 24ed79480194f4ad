"""Files that are not all there, and files that would unpack to far more than they are."""

import io
import resource
import struct
import zlib

import make
import numpy as np
import pytest
import tifffile
from PIL import Image

from vaeedit.errors import ImageError
from vaeedit.image import read_bytes
from vaeedit.image.intact import bare_png


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(height: int, rows: int, *, parts: int = 1, width: int = 64) -> bytes:
    """A gray PNG that says it has `height` rows and holds `rows`, with right checksums, in several IDAT chunks."""
    random = np.random.default_rng(0)
    lines = random.integers(0, 255, (rows, width), dtype=np.uint8)
    raw = b"".join(b"\0" + line.tobytes() for line in lines)
    body = zlib.compress(raw)
    size = -(-len(body) // parts)
    pieces = [chunk(b"IDAT", body[at : at + size]) for at in range(0, len(body), size)]
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(pieces) + chunk(b"IEND", b"")


def refused(data: bytes, *fragments: str) -> None:
    with pytest.raises(ImageError) as caught:
        read_bytes(data, "holiday")
    for fragment in fragments:
        assert fragment in str(caught.value)


def warned(data: bytes):
    found = read_bytes(data, "holiday", damaged="warn")
    assert found.damage
    return found


def test_a_whole_file_has_no_damage():
    for data in make.real_files().values():
        assert read_bytes(data, "x").damage == ""


def test_a_png_whose_last_chunk_is_zeroed_is_refused_or_read_as_far_as_it_goes():
    data = png(256, 256, parts=4)
    last = data.rindex(b"IDAT")
    zeroed = data[: last + 4] + bytes(len(data) - 16 - last - 4) + data[-16:]
    refused(zeroed, "damaged", "checksum of its chunk IDAT", "--damaged warn")
    found = warned(zeroed)
    assert np.array_equal(found.pixels[:100], read_bytes(data, "x").pixels[:100])


def test_a_png_of_few_rows_that_says_it_has_many_is_refused():
    refused(png(2000, 24), "1,560 of 130,000 bytes")
    refused(png(8_000_000, 24, width=40), "bytes of samples")


def test_an_interlaced_png_is_counted_pass_by_pass():
    values = make.samples("RGB", height=37, width=29)
    header = struct.pack(">IIBBBBB", 29, 37, 8, 2, 0, 0, 1)
    rows = []
    for column, row, across, down in (
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ):
        rows += [b"\0" + line.tobytes() for line in values[row::down, column::across]]
    whole = zlib.compress(b"".join(rows))
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    found = read_bytes(start + chunk(b"IDAT", whole) + chunk(b"IEND", b""), "x")
    assert np.array_equal(found.pixels, values)
    short = zlib.compress(b"".join(rows[:-1]))
    refused(start + chunk(b"IDAT", short) + chunk(b"IEND", b""), "compressed data holds")


def photograph(**options) -> bytes:
    return make.pillow(make.samples("RGB", height=96, width=96), "JPEG", quality=90, **options)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("end", ["", "zeros", "marker", "zeros and marker"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_jpeg_whose_data_ends_early_is_refused_whatever_follows(progressive, end, share):
    data = photograph(progressive=progressive)
    cut = int(len(data) * share)
    rest = bytes(len(data) - cut - 2) if "zeros" in end else b""
    refused(data[:cut] + rest + (b"\xff\xd9" if "marker" in end else b""), "damaged")


def test_a_progressive_jpeg_without_its_last_scans_is_refused():
    data = photograph(progressive=True)
    last = data.rindex(b"\xff\xda")
    before = data.rindex(b"\xff\xc4", 0, last)
    refused(data[:before] + b"\xff\xd9", "scans are missing")
    assert warned(data[:before] + b"\xff\xd9").pixels.shape == (96, 96, 3)


def test_a_jpeg_of_thousands_of_scans_is_refused(monkeypatch):
    data = photograph(progressive=True)
    last = data.rindex(b"\xff\xda")
    many = data[:last] + data[last:-2] * 200 + b"\xff\xd9"
    refused(many, "scans, over the limit of 100", "VAEEDIT_MAX_SCANS")


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("how", ["zeroed", "flipped", "short", "outside"])
def test_a_damaged_deflated_tiff_is_refused(depth, how):
    values = make.samples("RGB", depth, 96, 96)
    data = bytearray(make.tiff(values, compression="zlib", rowsperstrip=16))
    page = make.tifffile.TiffFile(io.BytesIO(bytes(data))).pages[0]
    start, size = page.dataoffsets[3], page.databytecounts[3]
    if how == "zeroed":
        data[start + size // 2 : start + size] = bytes(size - size // 2)
    elif how == "flipped":
        data[start + size // 2] ^= 4
    elif how == "short":
        short = zlib.compress(bytes(100))
        data[start : start + size] = short + bytes(size - len(short))
    else:
        del data[page.dataoffsets[-1] + 5 :]
    refused(bytes(data), "damaged")


def test_a_strip_that_inflates_to_gigabytes_is_refused_without_inflating_it():
    data = make.tiff(make.samples("L", 16, 64, 64), compression="zlib", rowsperstrip=64)
    page = make.tifffile.TiffFile(io.BytesIO(data)).pages[0]
    bomb = zlib.compress(bytes(300 << 20), 9)
    place = data.index(struct.pack("<HHI", 273, 4, 1)) + 8
    counted = data.index(struct.pack("<HHI", 279, 4, 1)) + 8
    changed = bytearray(data) + bomb
    changed[place : place + 4] = struct.pack("<I", len(data))
    changed[counted : counted + 4] = struct.pack("<I", len(bomb))
    assert len(page.dataoffsets) == 1
    refused(bytes(changed), "holds more than 8,192 bytes")


def test_a_webp_of_34_bytes_that_claims_gigabytes_is_refused(monkeypatch):
    monkeypatch.setenv("VAEEDIT_MAX_PIXELS", "400000000")
    bits = (16_383 | 16_383 << 14).to_bytes(4, "little")
    body = b"\x2f" + bits + bytes(9)
    data = b"RIFF" + struct.pack("<I", 12 + len(body)) + b"WEBPVP8L" + struct.pack("<I", len(body)) + body
    refused(data, "VAEEDIT_MAX_EXPANSION")


def test_a_flat_picture_of_many_megapixels_is_no_bomb():
    buffer = io.BytesIO()
    Image.new("RGB", (6000, 6000), (200, 30, 30)).save(buffer, "PNG")
    found = read_bytes(buffer.getvalue(), "flat.png")
    assert len(buffer.getvalue()) < 500_000
    assert (found.pixels == (200, 30, 30)).all()


def test_only_the_decoders_of_our_formats_are_asked():
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n"
    refused(eps, "in the format EPS, which vaeedit does not edit")


def test_a_deep_strip_that_inflates_to_gigabytes_is_not_inflated_with_a_warning_either():
    whole = make.tiff(make.samples("L", 16), compression="zlib")
    with tifffile.TiffFile(io.BytesIO(whole)) as file:
        place, length = (file.pages[0].tags[tag].valueoffset for tag in (273, 279))
    bomb = zlib.compress(bytes(200_000_000), 9)
    data = bytearray(whole + bomb)
    data[place : place + 4] = len(whole).to_bytes(4, "little")
    data[length : length + 4] = len(bomb).to_bytes(4, "little")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ImageError, match="more than 442 bytes"):
        read_bytes(bytes(data), "holiday", damaged="warn")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB


def test_a_flat_webp_that_takes_more_than_a_gigabyte_is_refused():
    buffer = io.BytesIO()
    Image.new("RGB", (8000, 8000)).save(buffer, "WEBP", lossless=True, method=0)
    refused(buffer.getvalue(), "VAEEDIT_MAX_EXPANSION")


def test_opencv_sees_the_header_and_the_pixels_of_a_png_alone():
    values = make.samples("RGBA", 16)
    data = make.png_16(values)
    stray = b"".join(chunk(kind, bytes(26)) for kind in (b"acTL", b"fcTL", b"fdAT", b"zTXt"))
    crowded = data[:33] + stray + data[33:]
    assert bare_png(crowded) == bare_png(data) == data
    assert bare_png(data[:33] + b"\xff\0\0\x02IDAT" + data[41:]) == data[:33]  # it claims 4 GB
    assert np.array_equal(make.joined(read_bytes(data, "holiday")), values)


@pytest.mark.parametrize("size", [{256: 0, 257: 3_000_000_000}, {257: 50_000_000, 256: 1, 278: 1}])
@pytest.mark.parametrize("damaged", ["error", "warn"])
def test_a_tiff_is_not_prepared_for_as_many_strips_as_its_header_claims(size, damaged):
    """No column times three billion rows is no pixel, which every limit on pixels passes."""
    data = bytearray(make.tiff(make.samples("L"), rowsperstrip=4))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        places = {tag: file.pages[0].tags[tag] for tag in size}
    for tag, value in size.items():
        entry = places[tag].offset
        data[entry + 2 : entry + 12] = struct.pack("<HLL", 4, 1, value)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ImageError, match=r"holds no picture|of 50,000,000 strips"):
        read_bytes(bytes(data), "holiday", damaged=damaged)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB
