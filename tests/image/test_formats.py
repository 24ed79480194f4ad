"""Formats besides those of test_decode.py and test_encode.py: what goes in, what comes out, and what is said about losses."""

import io
import sys

import make
import numpy as np
import profiles
import pytest
import raws
from PIL import Image

from vaeedit.errors import ImageError, MissingExtra
from vaeedit.image import Frame, image_files, read_bytes, write_bytes
from vaeedit.image.files import FORMATS, LIBRARIES, OTHERS, PICTURES, RAW, READ_ONLY

HIGH, WIDE = 40, 56
LOSSLESS = [
    *(("JPEG2000", mode, depth) for mode in ("L", "RGB", "RGBA") for depth in (8, 16)),
    *(("PPM", mode, depth) for mode in ("L", "RGB") for depth in (8, 16)),
    *(("TGA", mode, 8) for mode in make.CHANNELS),
]
LOSSY = [
    *(("HEIF", mode, depth, 0.03) for mode in ("L", "RGB", "RGBA") for depth in (8, 16)),
    *(("JXL", mode, depth, 0.03) for mode in make.CHANNELS for depth in (8, 16)),
    *(("AVIF", mode, 16, 1 / 4095) for mode in ("RGB", "RGBA")),
]


def _name(format: str) -> str:
    return "x" + next(ending for ending, kind in FORMATS.items() if kind == format)


def _ramp(mode: str, depth: int) -> np.ndarray:
    values = make.ramp(mode, HIGH, WIDE)
    return values if depth == 8 else values.astype(np.uint16) * 257 + np.uint16(3) * (values < 200)


@pytest.mark.parametrize(("format", "mode", "depth"), LOSSLESS)
def test_lossless_formats_give_back_every_value(format, mode, depth):
    values = make.samples(mode, depth, HIGH, WIDE)
    data, warnings = write_bytes(make.frame(values), format)
    found = read_bytes(data, _name(format))
    assert (found.mode, found.depth, warnings) == (mode, depth, [])
    np.testing.assert_array_equal(make.joined(found), values)


@pytest.mark.parametrize(("format", "mode", "depth", "error"), LOSSY)
def test_lossy_formats_keep_mode_depth_metadata_and_nearly_the_values(format, mode, depth, error):
    values = _ramp(mode, depth)
    about = make.everything()
    data, warnings = write_bytes(make.frame(values, about), format)
    found = read_bytes(data, _name(format))
    assert (found.mode, found.depth) == (mode, depth)
    told = f"{format} cannot hold 16 bits; it was saved with 12."
    assert warnings == ([told] if depth == 16 and format != "JXL" else [])
    assert np.abs(make.joined(found) / found.peak - values / found.peak).mean() < error
    assert make.exif_values(found.metadata.exif) == make.EXIF_VALUES
    assert (found.metadata.icc, found.metadata.xmp) == (about.icc, about.xmp)


@pytest.mark.parametrize("format", ["HEIF", "AVIF"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_white_of_10_or_12_bits_is_white_of_16(format, mode):
    values = np.full((HIGH, WIDE, make.CHANNELS[mode]), 65535, np.uint16)
    found = read_bytes(write_bytes(make.frame(values), format)[0], _name(format))
    assert found.pixels.min() > 65535 - 70


def test_the_second_extra_of_gray_with_transparency_is_said():
    for format in ("HEIF", "JPEG2000"):
        data, warnings = write_bytes(make.frame(make.ramp("LA", HIGH, WIDE)), format)
        assert warnings == [f"{format} cannot hold gray with transparency; it was saved as RGB."]
        assert read_bytes(data, _name(format)).mode == "RGBA"


@pytest.mark.parametrize("peak", [100, 255, 1023, 65535])
@pytest.mark.parametrize("kind", [2, 3, 5, 6])
def test_netpbm_of_any_white(kind, peak):
    channels = 3 if kind in (3, 6) else 1
    values = np.arange(2 * 3 * channels) * peak // (6 * channels - 1)
    raw = values.astype(">u2" if peak > 255 else np.uint8).tobytes()
    text = b" ".join(b"%d" % value for value in values)
    found = read_bytes(b"P%d # a comment\n3 2\n%d\n" % (kind, peak) + (raw if kind > 3 else text), "x.pnm")
    assert found.depth == (8 if peak < 256 else 16)
    assert np.abs(found.pixels.ravel() / found.peak - values / peak).max() <= 0.5 / found.peak + 1e-9


def test_a_gif_keeps_its_format_and_says_what_256_colors_lose():
    found = read_bytes(make.pillow(make.ramp("RGB"), "GIF"), "x.gif")
    assert found.mode == "RGB"
    data, warnings = write_bytes(Frame(make.samples("RGB", height=30)), "GIF")
    assert warnings == ["GIF cannot hold more than 256 colors; the nearest ones were taken."]
    assert read_bytes(data, "x.gif").pixels.shape == (30, 17, 3)
    few = np.repeat(make.samples("RGB", height=2, width=2), 5, axis=0)
    data, warnings = write_bytes(Frame(few), "GIF")
    assert warnings == []
    np.testing.assert_array_equal(read_bytes(data, "x.gif").pixels, few)


@pytest.mark.parametrize("format", LIBRARIES)
def test_a_missing_library_is_named_by_its_extra(format, monkeypatch):
    module, extra = LIBRARIES[format]
    if format != "RAW":
        data, _ = write_bytes(Frame(make.ramp("RGB")), format)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra, match=rf"Reading x.* needs .*pip install 'vaeedit\[{extra}\]'"):
        read_bytes(b"anything" if format == "RAW" else data, "x.dng" if format == "RAW" else _name(format))
    if format != "RAW":
        with pytest.raises(MissingExtra, match=rf"Writing .*\[{extra}\]"):
            write_bytes(Frame(make.ramp("RGB")), format)


def test_every_picture_of_a_folder_is_an_input_whether_it_is_edited_or_not(tmp_path):
    names = {f"a.{ending}" for ending in (*RAW.split(), *OTHERS.split())} | {
        f"a{e}" for e in (*FORMATS, *READ_ONLY)
    }
    for name in (*names, "notes.txt", "a.xmp", ".hidden.png"):
        (tmp_path / name).touch()
    assert {path.name for path in image_files([tmp_path])} == names
    assert {path.suffix for path in image_files([tmp_path])} == PICTURES


@pytest.mark.parametrize("format", ["HEIF", "JXL", "JPEG2000", "PPM", "TGA", "GIF"])
def test_a_file_that_ends_early_is_refused(format):
    data, _ = write_bytes(Frame(make.samples("RGB", height=HIGH, width=WIDE)), format)
    whole = read_bytes(data, _name(format)).pixels
    for end in range(8, len(data) - 40, max(len(data) // 25, 1)):
        with pytest.raises(ImageError, match=r"^x"):
            read_bytes(data[:end], _name(format))
    assert whole.shape == (HIGH, WIDE, 3)


def test_a_heic_under_the_name_of_a_jpeg_is_read():
    data, _ = write_bytes(Frame(make.ramp("RGB")), "HEIF")
    assert read_bytes(data, "IMG_1.jpg").pixels.shape == (32, 48, 3)


def test_further_pictures_of_a_heic_are_told():
    heif = pytest.importorskip("pillow_heif")
    file = heif.from_pillow(Image.fromarray(make.ramp("RGB")))
    file.add_from_pillow(Image.fromarray(make.ramp("RGB")))
    buffer = io.BytesIO()
    file.save(buffer)
    assert read_bytes(buffer.getvalue(), "x").warnings == (
        "It holds 2 pictures; only the primary one is edited.",
    )


def test_camera_raw_comes_in_with_16_bits_and_its_tags():
    light = np.stack(np.broadcast_arrays(np.linspace(0, 1, 64), np.linspace(0, 1, 48)[:, None], 0.3), axis=2)
    found = read_bytes(raws.dng(light), "IMG_1.DNG")
    expected = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    assert (found.pixels.shape, found.depth, found.warnings) == ((48, 64, 3), 16, ())
    assert np.abs(found.floats() - expected)[4:-4, 4:-4].mean() < 0.02
    tags = Image.Exif()
    tags.load(found.metadata.exif)
    assert tags[271] == "Maker"
    with pytest.raises(ImageError, match=r"IMG_1.DNG is damaged"):
        read_bytes(raws.dng(light)[:5000], "IMG_1.DNG")


ANIMATED = "ff0a41044d002026080401001c004b188b15820300080405003c004b188b15805dd4ff001892ae9a4002"
"""A JPEG XL file of two frames of 8 x 8 pixels."""


def test_further_frames_of_a_jpeg_xl_are_told():
    found = read_bytes(bytes.fromhex(ANIMATED), "x")
    assert found.pixels.shape == (8, 8, 3)
    assert found.warnings == ("It is animated; only its first frame is edited.",)


def test_a_profile_in_jpeg_2000_is_read_and_other_boxes_are_told():
    data, _ = write_bytes(Frame(make.ramp("RGB")), "JPEG2000")
    icc = profiles.gray(1.8)
    at = data.index(b"colr")
    size = int.from_bytes(data[at - 4 : at], "big")
    box = (len(icc) + 11).to_bytes(4, "big") + b"colr\2\0\0" + icc
    header = data.index(b"jp2h") - 4
    grown = int.from_bytes(data[header : header + 4], "big") + len(box) - size
    boxed = data[:header] + grown.to_bytes(4, "big") + data[header + 4 : at - 4] + box + data[at - 4 + size :]
    exif = (36).to_bytes(4, "big") + b"uuidJpgTiffExif->JP2" + b"II*\0" + bytes(8)
    found = read_bytes(boxed + exif, "x")
    assert found.metadata.icc == icc
    assert found.warnings[0] == "Its EXIF are left out."


def test_colors_by_a_code_without_a_profile_are_told():
    data, _ = write_bytes(Frame(make.ramp("RGB")), "AVIF")
    at = data.index(b"colrnclx") + 8
    found = read_bytes(data[:at] + b"\0\x0c" + data[at + 2 :], "x")
    assert found.warnings == (
        "Its colors are of another space, without a profile; it is edited as if it were sRGB.",
    )


@pytest.mark.parametrize("format", [*dict.fromkeys(FORMATS.values()), "RAW"])
def test_the_limit_of_pixels_holds_for_every_format(format, monkeypatch):
    if format == "RAW":
        data, name = raws.dng(np.zeros((HIGH, WIDE, 3))), "x.dng"
    else:
        (data, _), name = write_bytes(Frame(make.ramp("RGB", HIGH, WIDE)), format), _name(format)
    read_bytes(data, name)
    monkeypatch.setenv("VAEEDIT_MAX_PIXELS", str(HIGH * WIDE - 1))
    with pytest.raises(ImageError, match="over the limit of 2,239"):
        read_bytes(data, name)


@pytest.mark.parametrize(
    ("bomb", "name"),
    [
        (b"P6 60000 6000 255\n" + bytes(100), "x.ppm"),
        (b"P5 60000 6000 65535\n" + bytes(100), "x.pgm"),
        (bytes([0, 0, 10]) + bytes(9) + b"\x60\xea\x70\x17\x20\x08" + bytes(100), "x.tga"),
        (
            b"GIF89a"
            + b"\x60\xea\x70\x17"
            + bytes([0x80, 0, 0])
            + bytes(6)
            + b",\0\0\0\0\x60\xea\x70\x17\0\2"
            + bytes(9),
            "x.gif",
        ),
    ],
)
def test_small_files_that_ask_for_gigabytes_are_refused(bomb, name):
    with pytest.raises(ImageError, match="60000 x 6000 pixels, more than 256 bytes of samples for each"):
        read_bytes(bomb, name)
