"""The eight views are eight, and come back to the image."""

from dataclasses import replace

import numpy as np
import pytest

from vaeedit.image import Frame, merged, views


def frame(dtype=np.uint8, alpha=False):
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (5, 7, 3)).astype(dtype)
    return Frame(pixels, pixels[..., 0] if alpha else None)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("alpha", [False, True])
def test_what_is_turned_comes_back(dtype, alpha):
    original = frame(dtype, alpha)
    eight = views(original)
    assert len({view.pixels.tobytes() + bytes(view.pixels.shape) for view in eight}) == 8
    back = merged(eight, original)
    np.testing.assert_array_equal(back.pixels, original.pixels)
    assert back.pixels.dtype == dtype
    assert (back.alpha is None) != alpha


def test_maps_and_deviations_turn_with_the_pixels():
    original = frame()
    marked = original.with_conditions(sigma=original.floats()[..., 0])
    eight = [replace(view, std=view.floats()) for view in views(marked)]
    for view in eight:
        np.testing.assert_array_equal(view.conditions["sigma"], view.pixels[..., 0])
    back = merged(eight, original)
    np.testing.assert_allclose(back.std, original.floats(), atol=1e-6)
    np.testing.assert_array_equal(back.conditions["sigma"], original.floats()[..., 0])
