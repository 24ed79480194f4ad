"""Color management: to sRGB and back, against LittleCMS."""

import io

import make
import numpy as np
import profiles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from vaeedit.image import Frame, Metadata, read_bytes, returned, working, write_bytes
from vaeedit.image.color import profile_fault

RGB = {
    "Display P3": profiles.rgb(profiles.P3, *profiles.SRGB_CURVE),
    "Adobe RGB": profiles.rgb(profiles.ADOBE, 2.19921875),
    "ProPhoto": profiles.rgb(profiles.PROPHOTO, 1.8),
    "table": profiles.rgb(profiles.P3, *(np.linspace(0, 1, 50) ** 2.1)),
}
GRAY = {"gamma 1.8": profiles.gray(1.8), "dot gain": profiles.gray(*(np.linspace(0, 1, 40) ** 1.6))}
SRGB = ImageCms.createProfile("sRGB")


def _tagged(values: np.ndarray, icc: bytes) -> Frame:
    return make.frame(values, Metadata(icc=icc))


@pytest.mark.parametrize("name", RGB)
def test_to_srgb_is_what_littlecms_says(name):
    values = make.samples("RGB", height=60, width=60)
    ours = working(_tagged(values, RGB[name])).pixels
    theirs = ImageCms.profileToProfile(
        Image.fromarray(values), io.BytesIO(RGB[name]), SRGB, ImageCms.Intent.RELATIVE_COLORIMETRIC
    )
    error = np.abs(ours.astype(int) - np.asarray(theirs))
    assert error.max() <= 2
    assert error.mean() < 0.1


@pytest.mark.parametrize("name", GRAY)
def test_gray_to_srgb_is_what_littlecms_says(name):
    values = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    ours = working(_tagged(values, GRAY[name])).pixels[:, :, 0]
    theirs = ImageCms.profileToProfile(
        Image.fromarray(values[:, :, 0]),
        io.BytesIO(GRAY[name]),
        SRGB,
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        "RGB",
    )
    assert np.abs(ours.astype(int) - np.asarray(theirs)[:, :, 1]).max() <= 1


@pytest.mark.parametrize("depth", [8, 16, 32])
@pytest.mark.parametrize("icc", [*RGB.values(), *GRAY.values()])
def test_what_no_edit_touches_comes_back_bit_by_bit(icc, depth):
    mode = "LA" if icc in GRAY.values() else "RGBA"
    own = _tagged(make.samples(mode, depth, height=300), icc)
    work = working(own)
    assert work.metadata.icc is None
    assert returned(work, work, own) is own
    pixels = work.pixels.copy()
    pixels[:10] = pixels[:10][:, ::-1]
    back = returned(Frame(pixels, work.alpha, work.metadata), work, own)
    same = (pixels == work.pixels).all(axis=2)
    assert same.mean() > 0.9
    np.testing.assert_array_equal(back.pixels[same], own.pixels[same])
    np.testing.assert_array_equal(back.alpha, own.alpha)
    assert back.metadata == own.metadata


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("icc", RGB.values())
def test_an_edit_in_srgb_is_that_edit_in_the_own_space(icc, depth):
    """Colors that sRGB holds: an edited picture comes back as it would by converting it alone, to a step."""
    srgb = Frame(make.samples("RGB", depth))
    other = Frame(make.samples("RGB", depth, seed=1), metadata=Metadata(icc=icc))
    inside = returned(srgb, working(other), other)  # what is edited is of any colors
    again = working(inside)
    near = np.abs(srgb.floats() - working(other).floats()).max(axis=2) > 0.5  # nothing of `other` is left
    error = np.abs(again.pixels.astype(int) - srgb.pixels)[near]
    assert error.mean() < (1 if depth == 8 else 2)
    assert depth == 8 or error.max() <= 12  # 8 bits are coarse in dark, strong colors


def test_an_enlarged_result_keeps_colors_beyond_srgb():
    green = np.zeros((20, 24, 3), np.uint8) + np.array([0, 250, 0], np.uint8)
    own = _tagged(green, RGB["Display P3"])
    work = working(own)
    large = returned(Frame(work.pixels.repeat(3, 0).repeat(3, 1)), work, own)
    np.testing.assert_array_equal(large.pixels, green.repeat(3, 0).repeat(3, 1))


def test_untagged_and_srgb_pictures_are_left_alone():
    for icc in (
        None,
        make.icc(),
        profiles.rgb(profiles.BT709, *profiles.SRGB_CURVE),
    ):
        frame = _tagged(make.samples("RGB"), icc)
        assert working(frame) is frame
        assert profile_fault(frame) is None


def test_a_profile_that_cannot_be_used_is_told_when_the_picture_is_read():
    told = "Its color profile cannot be used, so it is edited as if it were sRGB: "
    for icc, why in (
        (b"no profile", "it is damaged."),
        (RGB["ProPhoto"][:-60], "it is damaged."),
        (GRAY["gamma 1.8"], "it is for gray pictures."),
        (
            RGB["ProPhoto"].replace(b"RGB ", b"CMYK"),
            "it is made of tables for CMYK, and only curves and a matrix are supported.",
        ),
    ):
        frame = read_bytes(make.pillow(make.ramp("RGB"), "PNG", icc_profile=icc), "x.png")
        assert frame.warnings == (told + why,)
        assert working(frame) is frame


def test_cmyk_becomes_rgb_and_that_is_told():
    buffer = io.BytesIO()
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(buffer, "JPEG")
    found = read_bytes(buffer.getvalue(), "x")
    assert found.warnings == (
        "Its CMYK colors become RGB; without a usable profile they may look different.",
    )


def test_a_format_without_profiles_gets_srgb():
    own = _tagged(make.samples("RGB"), RGB["Adobe RGB"])
    data, warnings = write_bytes(own, "BMP")
    assert warnings == ["BMP cannot hold a color profile; the colors were converted to sRGB."]
    np.testing.assert_array_equal(read_bytes(data, "x").pixels, working(own).pixels)


def test_gray_with_a_profile_becomes_rgb_with_the_same_look():
    own = _tagged(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), GRAY["gamma 1.8"])
    found = read_bytes(write_bytes(own, "WEBP")[0], "x")
    assert found.metadata.icc is None
    assert np.abs(found.pixels.astype(int) - working(own).pixels).max() <= 8


@given(place=st.integers(0, 600), byte=st.integers(0, 255), name=st.sampled_from([*RGB, *GRAY]))
@settings(max_examples=300, deadline=None)
def test_no_damaged_profile_does_more_than_warn(place, byte, name):
    icc = bytearray({**RGB, **GRAY}[name])
    icc[place % len(icc)] = byte
    mode = "L" if name in GRAY else "RGB"
    own = _tagged(make.samples(mode), bytes(icc))
    work = working(own)
    assert work is own or profile_fault(own) is None
    assert returned(Frame(work.pixels // 2), work, own).pixels.shape == own.pixels.shape
