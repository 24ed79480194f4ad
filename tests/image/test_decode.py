import io
import resource

import make
import numpy as np
import png
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from vaeedit.errors import ImageError, UsageError
from vaeedit.image import read, read_bytes

REAL = make.real_files()


@pytest.fixture(scope="module", autouse=True)
def _small_limit():
    """A damaged header may ask for anything; the machine should not have to give it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAEEDIT_MAX_PIXELS", "4000000")
        yield


def _refused(data: bytes, name: str = "holiday.png") -> str:
    with pytest.raises(ImageError) as caught:
        read_bytes(data, name)
    return _sentence(str(caught.value), name)


def _sentence(message: str, name: str) -> str:
    assert message.startswith(name)
    assert message.endswith(".")
    assert ".." not in message.removeprefix(name)
    assert "\n" not in message
    return message


# ---- modes and depths


@pytest.mark.parametrize("mode", make.CHANNELS)
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_8_bit_lossless_files_come_in_as_they_are(format, mode):
    values = make.samples(mode)
    found = read_bytes(make.pillow(values, format), "x")
    assert (found.mode, found.depth) == (mode, 8)
    np.testing.assert_array_equal(make.joined(found), values)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_bmp_comes_in_as_it_is(mode):
    values = make.samples(mode)
    found = read_bytes(make.pillow(values, "BMP"), "x")
    np.testing.assert_array_equal(make.joined(found), values)


@pytest.mark.parametrize(
    ("format", "mode"),
    [("JPEG", "L"), ("JPEG", "RGB"), *((f, m) for f in ("WEBP", "AVIF") for m in ("RGB", "RGBA"))],
)
def test_lossy_files_come_in_as_pillow_decodes_them(format, mode):
    data = make.pillow(make.ramp(mode), format)
    found = read_bytes(data, "x")
    assert (found.mode, found.depth) == (mode, 8)
    expected = np.asarray(Image.open(io.BytesIO(data)))
    np.testing.assert_array_equal(make.joined(found).squeeze(), expected)


@pytest.mark.parametrize("mode", make.CHANNELS)
@pytest.mark.parametrize("maker", [make.png_16, make.tiff])
def test_16_bits_stay_16_bits(maker, mode):
    values = make.samples(mode, 16)
    found = read_bytes(maker(values), "x")
    assert found.mode == mode
    assert found.pixels.dtype == np.uint16
    np.testing.assert_array_equal(make.joined(found), values)


@pytest.mark.parametrize("mode", make.CHANNELS)
@pytest.mark.parametrize("depth", [16, 32])
@pytest.mark.parametrize(
    "options",
    [{"byteorder": ">"}, {"compression": "zlib"}, {"bigtiff": True}, {"tile": (16, 16)}, {"rowsperstrip": 5}],
    ids=str,
)
def test_deep_tiff_of_any_layout_is_read_exactly(options, depth, mode):
    values = make.samples(mode, depth, 37, 41)
    found = read_bytes(make.tiff(values, **options), "x")
    assert found.mode == mode
    assert found.pixels.dtype == make.DTYPES[depth]
    assert found.pixels.dtype.isnative
    np.testing.assert_array_equal(make.joined(found), values)


def test_tiff_in_separate_planes_is_read_exactly():
    values = make.samples("RGB", 16)
    data = make.tiff(np.moveaxis(values, 2, 0), photometric="rgb", planarconfig="separate", extrasamples=None)
    np.testing.assert_array_equal(read_bytes(data, "x").pixels, values)


def test_tiff_whose_white_is_zero_is_turned_round():
    values = make.samples("L", 16)
    found = read_bytes(make.tiff(values, photometric="miniswhite"), "x")
    np.testing.assert_array_equal(found.pixels, 65535 - values)


def test_premultiplied_alpha_is_divided_out():
    values = np.full((2, 2, 4), 10_000, np.uint16)
    values[..., 3] = 20_000
    values[0, 0] = 0
    found = read_bytes(make.tiff(values, extrasamples=["assocalpha"]), "x")
    assert found.pixels[1, 1].tolist() == [32768, 32768, 32768]
    assert found.pixels[0, 0].tolist() == [0, 0, 0]
    np.testing.assert_array_equal(found.alpha, values[..., 3])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_fourth_sample_that_the_file_leaves_unnamed_is_no_alpha(dtype):
    values = make.samples("RGBA", np.dtype(dtype).itemsize * 8)
    found = read_bytes(make.tiff(values, extrasamples=["unspecified"]), "x")
    assert found.mode == "RGB"
    np.testing.assert_array_equal(found.pixels, values[:, :, :3])


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_16_bit_lzw_tiff_from_opencv_is_read_exactly(mode):
    values = make.samples(mode, 16)
    found = read_bytes(make.opencv_tiff(values, 5), "x")
    assert found.mode == mode
    assert found.pixels.dtype == np.uint16
    np.testing.assert_array_equal(make.joined(found), values)


def test_lzw_float_tiff_from_opencv_is_read_exactly():
    values = make.samples("RGB", 32)
    found = read_bytes(make.opencv_tiff(values, 5), "x")
    assert found.pixels.dtype == np.float32
    np.testing.assert_array_equal(found.pixels, values)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (1.5, "outside 0 to 1"),
        (-0.25, "outside 0 to 1"),
        (np.nan, "(NaN or infinity)"),
        (np.inf, "NaN or infinity"),
    ],
)
def test_float_samples_outside_0_to_1_are_refused_not_clipped(bad, says):
    values = make.samples("RGB", 32)
    values[3, 4, 1] = bad
    assert says in _refused(make.tiff(values), "hdr.tif")


@pytest.mark.parametrize("dtype", [np.int16, np.uint32, np.float64, np.float16])
def test_samples_of_other_kinds_are_refused_by_name(dtype):
    message = _refused(make.tiff(np.zeros((4, 5, 1), dtype)), "x.tif")
    assert np.dtype(dtype).name in message


@pytest.mark.parametrize(("channels", "kind"), [(4, "separated"), (5, "rgb"), (3, "minisblack")])
def test_deep_inks_and_spare_channels_are_refused_not_taken_for_colors(channels, kind):
    values = np.zeros((8, 9, channels), np.uint16)
    message = _refused(make.tiff(values, photometric=kind, extrasamples=None), "x.tif")
    assert f"holds {channels} 16-bit uint16 samples a pixel ({kind.upper()})" in message


def _palette(transparency: int | None) -> tuple[bytes, np.ndarray]:
    image = Image.fromarray(make.ramp("RGB")).quantize(16)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **({} if transparency is None else {"transparency": transparency}))
    return buffer.getvalue(), np.asarray(image)


def test_palette_png_becomes_rgb():
    data, _ = _palette(None)
    found = read_bytes(data, "x")
    assert found.mode == "RGB"
    np.testing.assert_array_equal(found.pixels, np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


def test_palette_png_with_transparency_becomes_rgba():
    data, indices = _palette(3)
    found = read_bytes(data, "x")
    assert found.mode == "RGBA"
    np.testing.assert_array_equal(found.alpha, np.where(indices == 3, 0, 255))


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("depth", [8, 16])
def test_a_transparent_color_of_a_png_becomes_alpha(depth, mode):
    values = make.samples(mode, depth)
    key = tuple(int(value) for value in values[2, 3])
    buffer = io.BytesIO()
    writer = png.Writer(
        17, 13, greyscale=mode == "L", bitdepth=depth, transparent=key if mode == "RGB" else key[0]
    )
    writer.write(buffer, values.reshape(13, -1).tolist())
    found = read_bytes(buffer.getvalue(), "x")
    assert (found.mode, found.depth) == (f"{mode}A", depth)
    np.testing.assert_array_equal(found.pixels, values)
    np.testing.assert_array_equal(found.alpha == 0, (values == values[2, 3]).all(axis=2))


@pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP"])
def test_bilevel_becomes_black_and_white_gray(format):
    bits = make.samples("L")[:, :, 0] > 127
    buffer = io.BytesIO()
    Image.fromarray(bits).save(buffer, format)
    found = read_bytes(buffer.getvalue(), "x")
    assert (found.mode, found.depth) == ("L", 8)
    np.testing.assert_array_equal(found.pixels[:, :, 0], bits * 255)


def test_cmyk_jpeg_becomes_rgb_without_its_cmyk_profile():
    buffer = io.BytesIO()
    red = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    red.save(buffer, "JPEG", quality=95, icc_profile=b"a profile of inks")
    found = read_bytes(buffer.getvalue(), "x")
    assert found.mode == "RGB"
    assert np.abs(found.pixels.astype(int) - (255, 0, 0)).max() <= 4
    assert found.metadata.icc is None


# ---- orientation


def _oriented(format: str, orientation: int) -> tuple[bytes, np.ndarray]:
    data = make.pillow(make.ramp("RGB"), format, exif=make.exif(orientation))
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    return data, np.asarray(expected)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_orientation_is_applied_once_and_the_tag_reset(format, orientation):
    data, expected = _oriented(format, orientation)
    found = read_bytes(data, "x")
    np.testing.assert_array_equal(found.pixels, expected)
    assert make.exif_values(found.metadata.exif) == make.EXIF_VALUES


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_turns_every_depth_of_png_and_tiff_alike(orientation):
    values = make.samples("RGB", 16)
    expected = ImageOps.exif_transpose(_tagged(values, orientation))
    plain = make.png_16(values)
    deep_png = plain[:33] + make.png_chunk(b"eXIf", make.exif(orientation)[6:]) + plain[33:]
    tag = [(0x0112, "H", 1, orientation, True)]
    lzw = make.opencv_tiff(values, 5)
    for data in (deep_png, make.tiff(values, extratags=tag), _with_tiff_orientation(lzw, orientation)):
        found = read_bytes(data, "x")
        assert found.pixels.dtype == np.uint16
        np.testing.assert_array_equal(found.pixels // 256, np.asarray(expected))


def _tagged(values: np.ndarray, orientation: int) -> Image.Image:
    image = Image.fromarray((values // 256).astype(np.uint8))
    image.getexif()[0x0112] = orientation
    return image


def _with_tiff_orientation(data: bytes, orientation: int) -> bytes:
    """Turn OpenCV's tag 284 (planar configuration, 1 by default) into an orientation tag, in order."""
    start = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[start : start + 2], "little")
    entries = [data[start + 2 + 12 * i : start + 14 + 12 * i] for i in range(count)]
    tag = (0x0112).to_bytes(2, "little") + b"\3\0\1\0\0\0" + orientation.to_bytes(4, "little")
    kept = [entry for entry in entries if int.from_bytes(entry[:2], "little") not in (284, 0x0112)]
    body = b"".join(sorted([*kept, tag], key=lambda entry: int.from_bytes(entry[:2], "little")))
    directory = (len(kept) + 1).to_bytes(2, "little") + body + bytes(4)
    return data[:4] + len(data).to_bytes(4, "little") + data[8:] + directory


def test_resetting_the_orientation_moves_no_other_byte_of_the_exif():
    before = make.exif(6)
    after = read_bytes(make.pillow(make.ramp("RGB"), "JPEG", exif=before), "x").metadata.exif
    assert len(after) == len(before)
    assert [(a, b) for a, b in zip(before, after, strict=True) if a != b] == [(6, 1)]


def test_an_orientation_in_the_xmp_alone_is_applied_and_reset_too():
    data = make.pillow(make.ramp("RGB"), "JPEG", xmp=make.XMP % 6)
    found = read_bytes(data, "x")
    np.testing.assert_array_equal(
        found.pixels, np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    )
    assert found.metadata.xmp == make.XMP % 1


def test_metadata_behind_the_pixels_of_a_png_is_found():
    data = make.pillow(make.ramp("RGB"), "PNG")
    end = len(data) - 12
    late = data[:end] + make.png_chunk(b"eXIf", make.exif(3)[6:]) + data[end:]
    found = read_bytes(late, "x")
    assert make.exif_values(found.metadata.exif) == make.EXIF_VALUES
    np.testing.assert_array_equal(found.pixels, make.ramp("RGB")[::-1, ::-1])


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", b"Exif\0\0MM\0*", b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(9), b"?"]
)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_damaged_exif_does_not_cost_the_picture(format, exif):
    data = make.pillow(make.ramp("RGB"), format, exif=exif)
    assert read_bytes(data, "x").pixels.shape == (32, 48, 3)


# ---- bad files


@pytest.mark.parametrize("kind", REAL)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_refused(kind, part):
    data = REAL[kind]
    _refused(data[: int(len(data) * part)], f"cut {kind}")


@pytest.mark.parametrize("compression", [1, 5, 8])
def test_a_truncated_tiff_from_opencv_is_refused(compression):
    data = make.opencv_tiff(make.samples("RGB", 16, 64, 64), compression)
    _refused(data[: len(data) // 2], "cut.tif")


@pytest.mark.parametrize("depth", [8, 16])
def test_a_png_without_its_last_rows_is_refused(depth):
    rows = png.Writer(64, 64, greyscale=False, bitdepth=depth)
    buffer = io.BytesIO()
    rows.write(buffer, make.samples("RGB", depth, 64, 64).reshape(64, -1).tolist())
    _refused(buffer.getvalue()[:-200])


def test_text_named_png_is_refused_with_the_known_formats():
    assert "JPEG, PNG, WEBP, TIFF, AVIF, HEIF, JXL" in _refused(b"Dear diary,\n" * 20)


def test_an_empty_file_is_refused():
    assert "0 bytes" in _refused(b"")


@pytest.mark.parametrize("depth", [8, 16])
def test_a_bomb_is_refused_without_taking_memory(depth, monkeypatch):
    monkeypatch.delenv("VAEEDIT_MAX_PIXELS")
    bomb = make.png_bomb(60_000, depth)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "60000 x 60000 pixels" in _refused(bomb)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB; it asks for 10 GB


def test_a_deep_tiff_over_the_limit_is_refused():
    assert "over the limit of 4,000,000" in _refused(make.tiff(np.zeros((2001, 2000, 1), np.uint16)))


def test_a_tiff_with_many_widths_is_refused_before_they_are_multiplied():
    """tifffile hands the damaged width over as a tuple, and tuple times height fills the memory for minutes."""
    data = bytearray(make.tiff(make.samples("L", 16)))
    entry = data.index(b"\x00\x01\x04\x00\x01\x00\x00\x00")
    data[entry + 4] = 60
    data[entry + 20 : entry + 24] = (2 * 10**9).to_bytes(4, "little")
    assert "its structure is broken" in _refused(bytes(data))


def test_the_limit_is_a_number_or_a_usage_error(monkeypatch):
    monkeypatch.setenv("VAEEDIT_MAX_PIXELS", "many")
    with pytest.raises(UsageError, match="VAEEDIT_MAX_PIXELS must be a whole number, not 'many'"):
        read_bytes(REAL["PNG"], "x")


def test_a_picture_of_another_program_is_refused_by_name():
    assert "the format Photoshop" in _refused(b"8BPS\0\1" + bytes(40), "layers.psd")


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP", "AVIF"])
def test_a_file_of_several_pictures_is_refused(format):
    first, second = (Image.fromarray(make.samples("RGB", seed=seed)) for seed in (1, 2))
    buffer = io.BytesIO()
    first.save(buffer, format, save_all=True, append_images=[second])
    assert "2 pictures" in _refused(buffer.getvalue())


def test_a_deep_tiff_of_several_pages_is_refused():
    data = io.BytesIO()
    with tifffile.TiffWriter(data) as writer:
        for seed in (1, 2, 3):
            writer.write(make.samples("RGB", 16, seed=seed), photometric="rgb")
    assert "3 pictures" in _refused(data.getvalue())


def test_a_directory_and_a_missing_file_are_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none.png"):
        with pytest.raises(ImageError) as caught:
            read(path)
        assert "cannot be read" in _sentence(str(caught.value), str(path))


def test_a_file_is_read_from_its_path(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(REAL["PNG 16"])
    np.testing.assert_array_equal(make.joined(read(path)), make.samples("RGBA", 16))


def test_the_process_wide_limit_of_pillow_is_left_as_it_was():
    before = Image.MAX_IMAGE_PIXELS
    read_bytes(REAL["PNG"], "x")
    _refused(b"nonsense")
    assert before == Image.MAX_IMAGE_PIXELS


@given(data=st.binary(max_size=200), kind=st.sampled_from(sorted(REAL)), keep=st.integers(0, 40))
@settings(max_examples=150)
def test_random_bytes_raise_nothing_but_image_error(data, kind, keep):
    _only_image_error(REAL[kind][:keep] + data)


@given(
    kind=st.sampled_from(sorted(REAL)),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
    keep=st.floats(0.3, 1),
)
@settings(max_examples=400)
def test_a_corrupted_file_raises_nothing_but_image_error(kind, changes, keep):
    data = bytearray(REAL[kind])
    for position, value in changes:
        data[int(position**3 * len(data))] = value  # mostly near the start, where the headers are
    _only_image_error(bytes(data[: int(keep * len(data))]))


def _only_image_error(data: bytes) -> None:
    try:
        found = read_bytes(data, "x.y")
    except ImageError as error:
        _sentence(str(error), "x.y")
    else:
        assert found.pixels.dtype in (np.uint8, np.uint16, np.float32)
