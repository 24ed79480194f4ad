"""Preparation of images: channels, size and range; and the refusals."""

import numpy as np
import pytest

from vaeedit.errors import ImageError
from vaeedit.image import Frame
from vaeedit_anomaly.sizes import Preparation, enlarged, prepared, refuse_size


def frame(low, high, shape=(64, 80, 1), dtype=np.uint8):
    values = np.linspace(low, high, int(np.prod(shape))).reshape(shape)
    peak = 1.0 if dtype == np.float32 else np.iinfo(dtype).max
    return Frame((values * peak).astype(dtype))


def test_dark_images_are_spread_and_full_ones_left_alone():
    dark = frame(0.1, 0.3)
    how = Preparation(1, 1.0).with_range_of([dark])
    assert how.gain == pytest.approx(4, rel=0.05)
    spread = prepared(dark, how).floats()
    assert spread.min() == pytest.approx(0.1, abs=0.02)
    assert spread.max() == pytest.approx(0.9, abs=0.02)
    full = frame(0.0, 1.0)
    assert Preparation(1, 1.0).with_range_of([full]) == Preparation(1, 1.0)
    assert np.array_equal(prepared(full, Preparation(1, 1.0)).pixels, full.pixels)


def test_flat_images_are_not_blown_up():
    assert Preparation(1, 1.0).with_range_of([frame(0.5, 0.5)]).gain == 8


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_every_depth_becomes_8_bits_at_the_working_size(dtype):
    found = prepared(frame(0.1, 0.9, (64, 80, 3), dtype), Preparation(3, 0.5))
    assert found.pixels.shape == (32, 40, 3)
    assert found.depth == 8


def test_gray_in_color_is_taken_and_the_rest_refused():
    gray = frame(0.2, 0.8)
    triple = Frame(np.repeat(gray.pixels, 3, 2))
    assert np.array_equal(prepared(triple, Preparation(1, 1.0)).pixels, gray.pixels)
    with pytest.raises(ImageError, match="fitted on gray"):
        prepared(Frame(np.dstack([gray.pixels, 255 - gray.pixels, gray.pixels])), Preparation(1, 1.0))
    with pytest.raises(ImageError, match="this one is gray"):
        prepared(gray, Preparation(3, 1.0))


def test_sizes_far_from_the_normal_ones_are_refused():
    areas = (5000.0, 6000.0)
    refuse_size(frame(0, 1), areas)
    for shape in ((20, 30, 1), (200, 300, 1)):
        with pytest.raises(ImageError, match=f"this one has {shape[1]}x{shape[0]}"):
            refuse_size(frame(0, 1, shape), areas)


def test_maps_come_back_at_the_size_of_the_image():
    small = np.zeros((8, 10), np.float32)
    small[2, 3] = 1
    large = enlarged(small, 80, 101)
    assert large.shape == (80, 101)
    assert np.unravel_index(large.argmax(), large.shape) == pytest.approx((25, 35), abs=6)
