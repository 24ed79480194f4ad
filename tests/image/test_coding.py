"""A result is compressed as its input was: with its tables or finer ones, its subsampling, and lossless if that was."""

import io
from dataclasses import replace
from pathlib import Path

import make
import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import get_sampling

from vaeedit.image import Frame, described, read_bytes, write_bytes
from vaeedit.image.coding import FLOOR

OSPREY = Path(__file__).parents[2] / "samples" / "images" / "osprey.jpg"


@pytest.fixture(scope="module")
def photo():
    with Image.open(OSPREY) as image:
        return np.asarray(image.convert("RGB").resize((160, 112)))


def rewritten(data: bytes, format: str, quality=None) -> bytes:
    frame = read_bytes(data, "x")
    return write_bytes(Frame(frame.pixels, frame.alpha, frame.metadata), format, quality)[0]


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("quality", [FLOOR, 96, 100])
def test_a_good_jpeg_keeps_its_tables_its_subsampling_and_progression(
    photo, quality, subsampling, progressive
):
    source = make.pillow(photo, "JPEG", quality=quality, subsampling=subsampling, progressive=progressive)
    image = opened(rewritten(source, "JPEG"))
    assert image.quantization == opened(source).quantization
    assert get_sampling(image) == subsampling
    assert bool(image.info.get("progressive")) == progressive


def test_a_gray_jpeg_keeps_its_table(photo):
    source = make.pillow(photo[:, :, :1], "JPEG", quality=97)
    assert opened(rewritten(source, "JPEG")).quantization == opened(source).quantization


def test_a_jpeg_of_low_quality_gets_finer_tables_and_no_more(photo):
    source = make.pillow(photo, "JPEG", quality=30)
    data = rewritten(source, "JPEG")
    floor = opened(make.pillow(photo, "JPEG", quality=FLOOR)).quantization
    assert opened(data).quantization == floor
    assert len(data) < 2.4 * len(source)


@pytest.mark.parametrize("format", ["WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_what_lost_nothing_loses_nothing(format, mode):
    given = make.everything()
    if format == "HEIF":
        pytest.importorskip("pillow_heif")
        given = replace(given, icc=None)  # libheif does not say how colors are stored beside a profile
    values = make.samples(mode)
    lossless = write_bytes(make.frame(values, given), format, "lossless")[0]
    assert read_bytes(lossless, "x").metadata.coding.lossless
    again = rewritten(lossless, format)
    found = read_bytes(again, "x")
    np.testing.assert_array_equal(make.joined(found), values)
    assert found.metadata.coding.lossless
    assert (found.metadata.icc, found.metadata.xmp) == (given.icc, given.xmp)
    assert make.exif_values(found.metadata.exif) == make.EXIF_VALUES
    assert not read_bytes(rewritten(lossless, format, 80), "x").metadata.coding.lossless


def test_a_webp_that_pillow_made_without_loss_is_known():
    values = make.samples("RGBA")
    found = read_bytes(rewritten(make.pillow(values, "WEBP", lossless=True, exact=True), "WEBP"), "x")
    np.testing.assert_array_equal(make.joined(found), values)


@pytest.mark.parametrize(("quality", "error"), [(20, 8), (50, 8), (75, 8), (90, 2), (100, 1)])
def test_the_quality_of_a_webp_is_estimated(photo, quality, error):
    for method in (0, 4):
        data = make.pillow(photo, "WEBP", quality=quality, method=method)
        assert read_bytes(data, "x").metadata.coding.quality == pytest.approx(quality, abs=error)


@pytest.mark.parametrize(("quality", "expected"), [(30, FLOOR), (97, 97)])
def test_a_webp_keeps_its_quality_or_gets_a_better_one(photo, quality, expected):
    data = rewritten(make.pillow(photo, "WEBP", quality=quality), "WEBP")
    assert read_bytes(data, "x").metadata.coding.quality == pytest.approx(expected, abs=2)


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "AVIF"])
def test_a_quality_that_is_given_decides(photo, format):
    source = make.pillow(photo, format, quality=90)
    sizes = [len(rewritten(source, format, quality)) for quality in (10, 50, 95)]
    assert sizes == sorted(sizes)
    assert sizes[2] > 2 * sizes[0]


def test_a_given_quality_keeps_the_subsampling(photo):
    source = make.pillow(photo, "JPEG", quality=90, subsampling=2)
    image = opened(rewritten(source, "JPEG", 70))
    assert image.quantization == opened(make.pillow(photo, "JPEG", quality=70)).quantization
    assert get_sampling(image) == 2


def test_a_jpeg_without_loss_is_impossible_and_said(photo):
    data, warnings = write_bytes(Frame(photo), "JPEG", "lossless")
    assert warnings == ["JPEG cannot be lossless; it was saved with quality 100."]
    assert max(opened(data).quantization[0]) == 1


@pytest.mark.parametrize("policy", ["keep", "minimal", "strip"])
def test_no_policy_of_metadata_changes_the_quality(photo, policy):
    source = make.pillow(photo, "JPEG", quality=97)
    frame = described(read_bytes(source, "x"), None, "JPEG", policy)
    assert opened(write_bytes(frame, "JPEG")[0]).quantization == opened(source).quantization


@pytest.mark.parametrize("metadata", [False, True])
@pytest.mark.parametrize(("mode", "depth"), [("L", 8), ("RGB", 8), ("RGBA", 8), ("RGB", 16), ("RGBA", 16)])
def test_a_jpeg_xl_without_loss_stays_so(mode, depth, metadata):
    pytest.importorskip("pyjpegxl")
    frame = make.frame(make.samples(mode, depth, 41, 300), make.everything() if metadata else None)
    lossless, lossy = (write_bytes(frame, "JXL", quality)[0] for quality in ("lossless", 90))
    assert not read_bytes(lossy, "x").metadata.coding.lossless
    np.testing.assert_array_equal(
        make.joined(read_bytes(rewritten(lossless, "JXL"), "x")), make.joined(frame)
    )
