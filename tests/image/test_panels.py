import make
import numpy as np
import pytest

from vaeedit.image import Frame, compare
from vaeedit.image.panels import DETAIL, GAP, PANEL

LABEL = 40
"""Rows at the top of each panel that the label may cover."""


def _flat(value: int, height: int, width: int) -> Frame:
    return Frame(np.full((height, width, 3), value, np.uint8))


def test_small_pictures_stand_side_by_side_unchanged():
    before, after = (Frame(make.samples("RGB", 8, 120, 200, seed)) for seed in (1, 2))
    both = compare(before, after).pixels
    assert both.shape == (120, 2 * 200 + GAP, 3)
    np.testing.assert_array_equal(both[LABEL:, :200], before.pixels[LABEL:])
    np.testing.assert_array_equal(both[LABEL:, 200 + GAP :], after.pixels[LABEL:])
    assert (both[:, 200 : 200 + GAP] == 255).all()


def test_each_panel_has_its_own_label():
    both = compare(_flat(128, 120, 200), _flat(128, 120, 200)).pixels
    left, right = both[:LABEL, :200], both[:LABEL, 200 + GAP :]
    assert (left == 0).any()
    assert (left == 255).any()
    assert (left != right).any()


@pytest.mark.parametrize("mode", make.CHANNELS)
@pytest.mark.parametrize("depth", [8, 16, 32])
def test_every_mode_and_depth_becomes_8_bit_rgb(mode, depth):
    frame = make.frame(make.samples(mode, depth, 60, 80))
    both = compare(frame, _flat(9, 60, 80))
    assert (both.mode, both.depth) == ("RGB", 8)
    np.testing.assert_array_equal(
        both.pixels[LABEL:, :80], np.repeat(frame.as_uint8(), 4 - frame.channels, 2)[LABEL:, :, :3]
    )


def test_large_pictures_are_shrunk_and_a_detail_is_shown_below():
    both = compare(_flat(40, 900, 1600), _flat(200, 900, 1600)).pixels
    small = round(900 * PANEL / 1600)
    enlarged = DETAIL[1] * (PANEL // DETAIL[0])
    assert both.shape == (small + GAP + enlarged, 2 * PANEL + GAP, 3)
    assert (both[small + GAP + LABEL :, :PANEL] == 40).all()
    assert (both[small + GAP + LABEL :, PANEL + GAP :] == 200).all()


def test_the_detail_is_where_change_and_structure_meet():
    after = np.full((1000, 1500, 3), 128, np.uint8)
    after[500:740, 900:1260] = make.samples("RGB", 8, 240, 360)
    before = after.copy()
    before[500:740, 900:1260] ^= 64  # changed and structured
    before[0:240, 0:360] = 0  # changed but flat
    both = compare(Frame(before), Frame(after)).pixels
    detail = both[-DETAIL[1] * 2 :, PANEL + GAP :][LABEL:]
    assert detail.std() > 30


def test_a_picture_that_became_larger_is_compared_at_its_new_size():
    before = np.random.default_rng(0).integers(0, 256, (400, 800, 3)).astype(np.uint8)
    after = np.repeat(np.repeat(before, 2, 0), 2, 1)
    both = compare(Frame(before), Frame(after)).pixels
    assert both.shape == (360 + GAP + 2 * DETAIL[1], 2 * PANEL + GAP, 3)
    left, right = both[360 + GAP + LABEL :, :PANEL], both[360 + GAP + LABEL :, PANEL + GAP :]
    np.testing.assert_array_equal(left, right)  # the same detail: repeated pixels on both sides


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 3000), (3000, 1), (100, 800), (800, 100)])
def test_extreme_shapes_are_shown(height, width):
    both = compare(_flat(40, height, width), _flat(200, height, width))
    assert both.pixels.shape[1] >= 2 + GAP


def test_a_gray_and_a_color_picture_can_be_compared():
    both = compare(Frame(make.samples("L", 16, 300, 900)), Frame(make.samples("RGB", 8, 300, 900)))
    assert both.pixels.shape[1] == 2 * PANEL + GAP


def test_a_narrow_picture_does_not_grow_beyond_a_panel():
    both = compare(_flat(40, 3000, 2), _flat(200, 3000, 2)).pixels
    assert both.shape[0] <= 2 * PANEL + GAP
