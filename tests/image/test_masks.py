"""Masks: black keeps the exact pixels, white takes the edit, and the transition lies inside the white part."""

import numpy as np
import pytest

from vaeedit.errors import ImageError
from vaeedit.image import Frame, mixed, weights_of

SIZE = (40, 60)


def gray(values, dtype=np.uint8):
    return Frame(np.asarray(values, dtype)[..., None])


def disc(height=40, width=60):
    """A white disc in a black mask, 12 of 40 pixels in radius."""
    rows, columns = np.mgrid[:height, :width] * 40 / height
    return gray(np.where(np.hypot(rows - 20, columns - 30) < 12, 255, 0))


PICTURE = Frame(np.random.default_rng(0).integers(0, 256, (*SIZE, 3), np.uint8))


@pytest.mark.parametrize("feather", [None, 0, 1, 5.5, 1000])
def test_black_stays_black_with_any_feather(feather):
    black = disc().pixels[..., 0] == 0
    weights = weights_of(disc(), PICTURE, feather)
    assert weights.dtype == np.float32
    assert (weights[black] == 0).all()
    assert (weights[~black] > 0).all()


def test_the_transition_is_as_wide_as_asked():
    half = gray(np.where(np.arange(60) < 20, 0, 255)[None].repeat(40, 0))
    row = weights_of(half, PICTURE, feather=3)[0]
    assert np.allclose(row[18:25], [0, 0, 0.25, 0.5, 0.75, 1, 1], atol=1e-3)
    assert np.allclose(weights_of(half, PICTURE, feather=0)[0], np.arange(60) >= 20)
    inverted = weights_of(half, PICTURE, feather=3, inverted=True)[0]
    assert np.allclose(inverted[15:22], [1, 1, 0.75, 0.5, 0.25, 0, 0], atol=1e-3)


def test_a_border_of_the_picture_is_no_border_of_the_mask():
    assert (weights_of(gray(np.full(SIZE, 255)), PICTURE, feather=9) == 1).all()


def test_grays_blend_and_almost_black_or_white_counts_as_such():
    steps = gray(np.repeat([0, 5, 128, 250, 255, 255], 10)[None].repeat(40, 0))
    row = weights_of(steps, PICTURE, feather=0)[0]
    assert np.allclose(row[::10], [0, 0, 0.5, 1, 1, 1], atol=0.01)


@pytest.mark.parametrize("size", [(20, 30), (80, 120), (41, 61)])
def test_a_mask_is_resized_if_its_shape_is_alike(size):
    near = np.abs(weights_of(disc(*size), PICTURE, 0) - weights_of(disc(), PICTURE, 0)).mean()
    assert near < 0.03


def test_a_mask_of_another_shape_is_refused():
    with pytest.raises(
        ImageError, match="The mask has 60x60 pixels and not the shape of the picture, which has 60x40"
    ):
        weights_of(gray(np.zeros((60, 60))), PICTURE)


def test_transparent_places_of_a_mask_are_black():
    white = np.full((*SIZE, 3), 255, np.uint8)
    alpha = disc().pixels[..., 0]
    assert np.array_equal(weights_of(Frame(white, alpha), PICTURE, 0), weights_of(disc(), PICTURE, 0))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_pixels_and_alpha_are_mixed_in_their_depth(dtype):
    peak = 1 if dtype == np.float32 else np.iinfo(dtype).max
    own = (np.random.default_rng(1).random((*SIZE, 4)) * peak).astype(dtype)
    new = (np.random.default_rng(2).random((*SIZE, 4)) * peak).astype(dtype)
    weights = np.broadcast_to(np.float32([0, 0.25, 1]).repeat(20), SIZE)
    result = mixed(Frame(new[..., :3], new[..., 3]), Frame(own[..., :3], own[..., 3]), weights)
    values = np.dstack([result.pixels, result.alpha])
    assert values.dtype == dtype
    assert np.array_equal(values[:, :20], own[:, :20])
    assert np.array_equal(values[:, 40:], new[:, 40:])
    between = 0.75 * own[:, 20:40].astype(float) + 0.25 * new[:, 20:40]
    assert np.abs(values[:, 20:40] - between).max() <= (0.51 if peak > 1 else 1e-6)


def test_modes_and_sizes_may_differ():
    weights = np.zeros(SIZE, np.float32)
    weights[:, 30:] = 1
    colored = mixed(PICTURE, gray(np.full(SIZE, 7)), weights)
    assert (colored.pixels[:, :30] == 7).all()
    assert np.array_equal(colored.pixels[:, 30:], PICTURE.pixels[:, 30:])
    assert mixed(gray(np.full(SIZE, 7)), PICTURE, weights).mode == "RGB"
    large = mixed(gray(np.full((80, 120), 9)), gray(np.full(SIZE, 7)), weights).pixels
    assert (large[:, :58] == 7).all()
    assert (large[:, 62:] == 9).all()
    with pytest.raises(ImageError, match="changes the shape"):
        mixed(gray(np.zeros((40, 40))), PICTURE, weights)
