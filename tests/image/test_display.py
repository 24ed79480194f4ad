"""What a notebook displays of a picture: its pixels, small enough, in sRGB."""

import io

import make
import numpy as np
import profiles
import pytest
from PIL import Image

from vaeedit.image import Frame, Metadata, working
from vaeedit.image.display import BYTES, SIDE, png_of, small


def displayed(frame, **how):
    data = png_of(frame, **how) if how else frame._repr_png_()
    assert len(data) <= how.get("most", BYTES)
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("depth", [8, 16, 32])
def test_every_mode_and_depth_is_displayed_with_the_pixels_it_has_in_8_bits(mode, depth):
    frame = make.frame(make.samples(mode, depth, height=20, width=30))
    assert (displayed(frame) == frame.as_depth(8).samples).all()


def test_floats_beyond_black_and_white_and_those_that_are_no_numbers_are_displayed():
    values = np.array([[[-1.0], [0.5], [2.0], [np.nan], [np.inf], [-np.inf]]], np.float32)
    assert displayed(Frame(values)).tolist() == [[0, 128, 255, 0, 255, 0]]


def test_a_picture_of_another_color_space_is_displayed_in_srgb_without_metadata():
    icc = profiles.rgb(profiles.P3, *profiles.SRGB_CURVE)
    frame = make.frame(make.samples("RGB", height=20, width=30), Metadata(icc=icc, dpi=(300, 300)))
    expected = working(frame).pixels
    assert (displayed(frame) == expected).all()
    assert (expected != frame.pixels).any()
    assert Image.open(io.BytesIO(frame._repr_png_())).info == {}
    unusable = make.frame(frame.pixels, Metadata(icc=b"no profile"))
    assert (displayed(unusable) == frame.pixels).all()


@pytest.mark.parametrize("depth", [8, 16, 32])
def test_large_pictures_become_averages_of_areas(depth):
    frame = make.frame(make.samples("RGB", depth, height=60, width=90))
    averages = frame.floats().reshape(20, 3, 30, 3, 3).mean((1, 3))
    shown = small(frame, 30).pixels
    assert np.abs(shown / 255 - averages).max() <= 1 / 255


def test_what_is_transparent_adds_no_color_to_its_neighbors():
    pixels, alpha = np.full((4, 4, 3), (0, 255, 0), np.uint8), np.zeros((4, 4), np.uint8)
    pixels[:, ::2], alpha[:, ::2] = (200, 0, 0), 255
    shown = small(Frame(pixels, alpha), 2)
    assert (shown.pixels == (200, 0, 0)).all()
    assert (shown.alpha == 128).all()


@pytest.mark.parametrize(("height", "width"), [(1, 5000), (5000, 1), (2000, 1500)])
def test_sides_are_limited(height, width):
    shown = displayed(Frame(np.zeros((height, width, 1), np.uint8)))
    assert max(shown.shape) == SIDE
    assert min(shown.shape) == max(1, round(min(height, width) * SIDE / max(height, width)))


@pytest.mark.parametrize("most", [100_000, 3000, 300])
def test_a_picture_that_compresses_badly_is_made_smaller(most):
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 4)).astype(np.uint8)
    shown = displayed(Frame(noise[..., :3], noise[..., 3]), most=most)
    assert max(shown.shape) < 400
    assert shown.shape[0] * shown.shape[1] * 4 > most / 3
