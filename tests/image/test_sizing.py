"""Pictures that are made to fit others."""

import numpy as np
import pytest

from vaeedit.api import Frame, from_floats, like


def picture(shape, dtype, seed=0):
    values = np.random.default_rng(seed).random(shape)
    return Frame((values * (1 if dtype == np.float32 else np.iinfo(dtype).max)).astype(dtype))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(5, 7, 1), (40, 30, 3), (1, 1, 3)])
def test_it_has_the_size_channels_and_depth_of_the_other(shape, dtype):
    other = picture(shape, dtype)
    for one in (picture((9, 11, 3), np.uint8), picture((9, 11, 1), np.float32)):
        before = one.pixels.copy()
        fitted = like(one, other)
        assert (fitted.pixels.shape, fitted.pixels.dtype) == (shape, dtype)
        assert 0 <= fitted.floats().min() <= fitted.floats().max() <= 1  # cubic interpolation overshoots
        assert np.array_equal(one.pixels, before)


def test_pixels_that_fit_stay_the_same():
    one, other = picture((6, 5, 3), np.uint16, 1), picture((6, 5, 3), np.uint16, 2)
    assert np.array_equal(like(one, other).pixels, one.pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers_do_not_become_black(bad, dtype):
    with pytest.raises(ValueError, match="not finite"):
        from_floats(np.array([0.5, bad], np.float32), np.dtype(dtype))


def test_gray_values_may_lack_the_channel_that_opencv_drops():
    gray, color = Frame(np.zeros((4, 5, 1), np.uint8)), Frame(np.zeros((4, 5, 3), np.uint8))
    assert gray.with_floats(np.ones((4, 5), np.float32)).pixels.shape == (4, 5, 1)
    with pytest.raises(ValueError, match="pixels must be"):
        color.with_floats(np.ones((4, 5), np.float32))


def test_gray_and_color_turn_into_each_other():
    white, black = (Frame(np.full((4, 4, 1), value, np.uint8)) for value in (255, 0))
    color = Frame(np.array([[[255, 0, 0]]], np.uint8))
    assert (like(white, Frame(np.zeros((8, 8, 3), np.uint8))).pixels == 255).all()
    assert like(color, black).pixels[0, 0, 0] == round(0.299 * 255)
