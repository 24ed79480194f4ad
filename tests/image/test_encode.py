import io
import struct
import warnings
from dataclasses import replace
from pathlib import Path

import cv2
import make
import numpy as np
import png
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vaeedit.errors import ImageError, UsageError
from vaeedit.image import Frame, Metadata, format_of, read, read_bytes, write, write_bytes
from vaeedit.image.encode import HOLDS, fit

LOSSLESS = [
    *(("PNG", mode, depth) for mode in make.CHANNELS for depth in (8, 16)),
    *(("TIFF", mode, depth) for mode in make.CHANNELS for depth in (8, 16, 32)),
    ("BMP", "L", 8),
    ("BMP", "RGB", 8),
]
LOSSY = [("JPEG", "L"), ("JPEG", "RGB"), ("WEBP", "RGB"), ("WEBP", "RGBA"), ("AVIF", "RGB"), ("AVIF", "RGBA")]
WITH_METADATA = [(f, 8) for f in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")] + [
    ("PNG", 16),
    ("TIFF", 16),
    ("TIFF", 32),
]


def _round_trip(frame: Frame, format: str) -> tuple[Frame, list[str]]:
    data, warnings = write_bytes(frame, format)
    return read_bytes(data, "x"), warnings


# ---- pixels


@pytest.mark.parametrize(("format", "mode", "depth"), LOSSLESS)
def test_lossless_formats_give_back_mode_depth_and_values(format, mode, depth):
    values = make.samples(mode, depth, 150, 33)
    found, warnings = _round_trip(make.frame(values), format)
    assert warnings == []
    assert (found.mode, found.depth) == (mode, depth)
    np.testing.assert_array_equal(make.joined(found), values)


@pytest.mark.parametrize(("format", "mode"), LOSSY)
def test_lossy_formats_give_back_mode_and_nearly_the_values(format, mode):
    values = make.ramp(mode)
    found, warnings = _round_trip(make.frame(values), format)
    assert warnings == []
    assert (found.mode, found.depth) == (mode, 8)
    assert np.abs(make.joined(found).astype(int) - values).mean() < 3


@given(
    choice=st.sampled_from([entry for entry in LOSSLESS if entry[0] != "BMP"]),
    height=st.integers(1, 140),
    width=st.integers(1, 40),
)
@settings(max_examples=120)
def test_any_size_survives_a_lossless_round_trip(choice, height, width):
    format, mode, depth = choice
    values = make.samples(mode, depth, height, width, seed=height)
    found, _ = _round_trip(make.frame(values), format)
    np.testing.assert_array_equal(make.joined(found), values)


@pytest.mark.parametrize("mode", make.CHANNELS)
def test_other_programs_read_our_16_bit_png(mode):
    values = make.samples(mode, 16)
    data, _ = write_bytes(make.frame(values, make.everything()), "PNG")
    width, height, rows, about = png.Reader(bytes=data).read()
    assert (width, height, about["bitdepth"]) == (17, 13, 16)
    np.testing.assert_array_equal(np.vstack(list(rows)).reshape(values.shape), values)


@pytest.mark.parametrize("mode", make.CHANNELS)
@pytest.mark.parametrize("depth", [8, 16, 32])
def test_other_programs_read_our_tiff(depth, mode):
    values = make.samples(mode, depth, 130, 20)
    data, _ = write_bytes(make.frame(values, make.everything()), "TIFF")
    np.testing.assert_array_equal(tifffile.imread(io.BytesIO(data)), values.squeeze())
    if mode == "LA" or (depth, mode) == (8, "RGBA"):
        return  # OpenCV knows no gray with alpha, and multiplies 8-bit alpha in
    opened = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED).reshape(130, 20, -1)
    order = [0] if mode == "L" else [2, 1, 0, 3][: values.shape[2]]
    np.testing.assert_array_equal(opened[:, :, order], values)


# ---- what a format cannot hold


def _warnings(values: np.ndarray, format: str, metadata: Metadata | None = None) -> list[str]:
    found, warnings = _round_trip(make.frame(values, metadata), format)
    assert found.pixels.shape[:2] == values.shape[:2]
    return warnings


def test_jpeg_says_what_becomes_of_alpha_and_16_bits():
    assert _warnings(make.samples("LA", 16), "JPEG") == [
        "JPEG cannot hold transparency; it was flattened onto white.",
        "JPEG cannot hold 16 bits; it was saved with 8.",
    ]


@pytest.mark.parametrize("format", ["WEBP", "AVIF"])
def test_webp_and_avif_say_that_gray_becomes_rgb(format):
    assert _warnings(make.ramp("L"), format) == [f"{format} cannot hold gray; it was saved as RGB."]
    found, _ = _round_trip(make.frame(make.ramp("LA")), format)
    assert found.mode == "RGBA"
    assert np.ptp(found.pixels[found.alpha > 0].astype(int), axis=1).max() <= 4  # still gray to look at


@pytest.mark.parametrize("kind", ["exif", "icc", "xmp"])
def test_bmp_says_that_metadata_is_left_out(kind):
    only = Metadata(**{kind: getattr(make.everything(), kind)})
    assert _warnings(make.ramp("RGB"), "BMP", only) == [
        "BMP cannot hold EXIF, XMP or a color profile; they were left out."
    ]


def test_png_says_that_32_bits_become_16():
    values = make.samples("RGBA", 32)
    found, warnings = _round_trip(make.frame(values), "PNG")
    assert warnings == ["PNG cannot hold 32 bits; it was saved with 16."]
    np.testing.assert_array_equal(make.joined(found), np.rint(values * np.float32(65535)))


@pytest.mark.parametrize("kind", ["exif", "xmp"])
def test_jpeg_says_that_metadata_over_64_kb_is_left_out(kind):
    long = Metadata(**{kind: make.exif() + bytes(70_000)})
    (warning,) = _warnings(make.ramp("RGB"), "JPEG", long)
    assert warning.startswith(f"JPEG cannot hold {kind.upper()} of 70,")


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0MM\0*\0\0", make.exif().replace(b"II*\0", b"II*\1").replace(b"MM\0*", b"MM\1*")]
)
@pytest.mark.parametrize("format", ["AVIF", "TIFF"])
def test_damaged_exif_is_left_out_and_said(format, exif):
    warnings = _warnings(make.ramp("RGB"), format, Metadata(exif=exif))
    assert warnings == [f"{format} cannot hold damaged EXIF; it was left out."]


@pytest.mark.parametrize("format", make.FORMATS)
@pytest.mark.parametrize("depth", [8, 16, 32])
@pytest.mark.parametrize("mode", make.CHANNELS)
def test_every_loss_has_one_sentence_and_only_losses_have(format, mode, depth):
    frame = make.frame(make.samples(mode, depth))
    fitted, warnings = fit(frame, format)
    lost = [fitted.alpha is None and frame.alpha is not None, fitted.channels != frame.channels]
    assert len(warnings) == sum([*lost, frame.depth not in HOLDS[format].depths])
    assert all(text.startswith(f"{format} cannot hold ") and text.endswith(".") for text in warnings)
    assert fitted.depth == min(depth, 16 if 12 in HOLDS[format].depths else max(HOLDS[format].depths))


@pytest.mark.parametrize("depth", [8, 16, 32])
def test_transparency_is_flattened_onto_white(depth):
    peak = {8: 255, 16: 65535, 32: 1}[depth]
    values = np.zeros((1, 3, 4), make.DTYPES[depth])
    values[0, :, 3] = [0, peak, peak * 0.2]
    fitted, _ = fit(make.frame(values), "JPEG")
    assert fitted.as_uint8()[0].tolist() == [[255] * 3, [0] * 3, [204] * 3]


# ---- metadata


@pytest.mark.parametrize(("format", "depth"), WITH_METADATA)
def test_metadata_is_kept(format, depth):
    values = make.samples("RGB", depth)
    given = make.everything()
    found, _ = _round_trip(make.frame(values, given), format)
    assert make.exif_values(found.metadata.exif) == make.EXIF_VALUES
    assert found.metadata.icc == given.icc
    assert found.metadata.xmp == given.xmp
    if format not in ("WEBP", "AVIF"):  # these have no place for it
        assert found.metadata.dpi == pytest.approx(given.dpi, abs=0.02)


def test_bmp_keeps_dpi():
    found, warnings = _round_trip(make.frame(make.ramp("RGB"), Metadata(dpi=(240.0, 120.0))), "BMP")
    assert warnings == []
    assert found.metadata.dpi == pytest.approx((240, 120), abs=0.02)


@pytest.mark.parametrize("target", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_metadata_survives_from_format_to_format(source, target):
    given = make.everything()
    data = make.pillow(make.ramp("RGB"), source, exif=make.exif(8), icc_profile=given.icc)
    found, _ = _round_trip(read_bytes(data, "x"), target)
    assert make.exif_values(found.metadata.exif) == make.EXIF_VALUES
    assert found.metadata.icc == given.icc
    assert found.pixels.shape == (48, 32, 3)  # turned once


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_other_programs_find_the_exif(format):
    data, _ = write_bytes(make.frame(make.ramp("RGB"), make.everything()), format)
    tags = Image.open(io.BytesIO(data)).getexif()
    assert tags[0x010F] == "Maker"
    assert tags.get_ifd(0x8769)[0x9003] == make.DATE


@pytest.mark.parametrize("depth", [8, 16])
def test_the_exif_chunk_of_a_png_starts_with_its_byte_order(depth):
    data, _ = write_bytes(make.frame(make.samples("RGB", depth), make.everything()), "PNG")
    chunks = dict(png.Reader(bytes=data).chunks())
    assert chunks[b"eXIf"] == make.exif().removeprefix(b"Exif\0\0")


@pytest.mark.parametrize("depth", [8, 16, 32])
def test_a_tiff_does_not_hand_its_own_layout_on_as_exif(depth):
    found, _ = _round_trip(make.frame(make.samples("RGB", depth), make.everything()), "TIFF")
    tags = Image.Exif()
    tags.load(found.metadata.exif)
    assert set(tags) <= {0x010F, 0x0112, 0x8769, 0x8825}
    bare, _ = _round_trip(make.frame(make.samples("RGB", depth)), "TIFF")
    assert bare.metadata == Metadata()


@pytest.mark.parametrize(("unit", "factor"), [(2, 1), (3, 2.54)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_resolution_of_a_tiff_is_read_in_its_unit(dtype, unit, factor):
    data = make.tiff(np.zeros((4, 4, 1), dtype), resolution=(100, 50), resolutionunit=unit)
    assert read_bytes(data, "x").metadata.dpi == pytest.approx((100 * factor, 50 * factor))


def test_a_resolution_without_unit_is_none():
    data = make.tiff(np.zeros((4, 4, 1), np.uint16), resolution=(1, 1), resolutionunit=1)
    assert read_bytes(data, "x").metadata.dpi is None


@given(block=st.binary(max_size=120))
@settings(max_examples=200)
def test_exif_of_any_content_is_written_or_left_out(block):
    frame = make.frame(make.ramp("RGB", 4, 4), Metadata(exif=b"Exif\0\0II*\0\x08\0\0\0" + block))
    for format in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # nothing of Pillow's own reaches the terminal
            found, losses = _round_trip(frame, format)
        assert found.pixels.shape == (4, 4, 3)
        assert losses in ([], [f"{format} cannot hold damaged EXIF; it was left out."])


@pytest.mark.parametrize("tag", [0x010E, 0x014A])
def test_avif_leaves_out_exif_that_pillow_reads_but_cannot_write_again(tag):
    """A description, or a pointer, made of rational numbers."""
    entries = (0x0112, 3, 1, 1), (tag, 5, 1, 0)
    block = b"".join(struct.pack("<HHLL", *entry) for entry in sorted(entries))
    exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0" + block + bytes(4)
    _, warnings = _round_trip(make.frame(make.ramp("RGB", 4, 4), Metadata(exif=exif)), "AVIF")
    assert warnings == ["AVIF cannot hold damaged EXIF; it was left out."]


# ---- files


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.JPG", "JPEG"),
        ("a.jpeg", "JPEG"),
        ("b.png", "PNG"),
        ("c.WebP", "WEBP"),
        ("d.tif", "TIFF"),
        ("e.x.avif", "AVIF"),
    ],
)
def test_the_file_name_chooses_the_format(name, format):
    assert format_of(name) == format


@pytest.mark.parametrize("name", ["a.psd", "a", ".png", "a.png.txt"])
def test_other_file_names_are_usage_errors(name):
    with pytest.raises(UsageError, match=r"does not end in a picture format \(.jpg, .jpeg, .jfif, .png"):
        format_of(name)


def test_write_puts_the_path_before_each_warning(tmp_path):
    path = tmp_path / "out.jpg"
    warnings = write(make.frame(make.samples("RGBA", 16)), path)
    assert [text.removeprefix(f"{path}: ").split(";")[0] for text in warnings] == [
        "JPEG cannot hold transparency",
        "JPEG cannot hold 16 bits",
    ]
    assert read(path).mode == "RGB"


def test_a_picture_too_large_for_its_format_is_an_image_error(tmp_path):
    wide = Frame(np.zeros((1, 70_000, 3), np.uint8))
    for format in ("JPEG", "WEBP", "AVIF"):
        with pytest.raises(ImageError, match=f"The picture cannot be encoded as {format}: .*\\.$"):
            write_bytes(wide, format)
        with pytest.raises(ImageError):
            write(wide, tmp_path / f"wide.{format.lower()}")
    assert list(Path(tmp_path).iterdir()) == []


def test_a_size_that_only_the_avif_encoder_can_take_is_refused():
    with pytest.raises(ImageError, match="over 32,768 pixels"):
        write_bytes(Frame(np.zeros((1, 32_769, 3), np.uint8)), "AVIF")
    found, _ = _round_trip(Frame(np.zeros((1, 32_768, 3), np.uint8)), "AVIF")
    assert found.width == 32_768


def test_encoding_leaves_the_frame_alone():
    values = make.samples("RGBA", 16)
    frame = make.frame(values.copy(), make.everything())
    before = replace(frame)
    for format in make.FORMATS:
        write_bytes(frame, format)
    assert frame.metadata == before.metadata
    np.testing.assert_array_equal(make.joined(frame), values)
