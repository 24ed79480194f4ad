"""What is usual where: a border that surprises in every normal image stops doing so; holes and wide regions still do."""

import numpy as np
import pytest

from vaeedit_anomaly.places import CELLS, WIDTHS, Places, blurred, cells, scales

RANDOM = np.random.default_rng(0)


def normal(height=120, width=96):
    """Noise, and a left border that is always surprising."""
    found = RANDOM.exponential(0.4, (height, width)).astype(np.float32)
    found[:, :8] += 3
    return found


NORMALS = [normal(RANDOM.integers(100, 160), RANDOM.integers(92, 100)) for _ in range(30)]
PLACES = Places.of([cells(scales(one)) for one in NORMALS])


def test_a_border_that_is_always_surprising_is_normal_and_elsewhere_it_is_not():
    usual = PLACES.standardised(scales(normal()))
    mirrored = PLACES.standardised(scales(np.ascontiguousarray(normal()[:, ::-1])))
    assert usual[:, :8].mean() < 4 * usual[:, 40:60].mean()
    assert mirrored[:, -8:].mean() > 5 * usual[:, :8].mean()


@pytest.mark.parametrize(("size", "value"), [(4, 6.0), (60, 0.25)])
def test_small_strong_and_wide_weak_defects_stand_out(size, value):
    spoilt = normal()
    spoilt[30 : 30 + size, 30 : 30 + size] += value
    found = PLACES.standardised(scales(spoilt))
    highest = [PLACES.standardised(scales(normal())).max() for _ in range(20)]
    assert found[30 : 30 + size, 30 : 30 + size].max() > np.quantile(highest, 0.9)


def test_where_no_place_differs_places_change_no_order():
    levels = RANDOM.uniform(0, 2, 20)
    flat = Places.of([np.full((len(WIDTHS), CELLS, CELLS), level, np.float32) for level in levels])
    surprise = normal()
    found = flat.standardised(scales(surprise), 1)
    order = blurred(surprise, WIDTHS[0])
    ranks = [np.argsort(np.argsort(x.ravel()[::50])) for x in (found, order)]
    assert np.abs(ranks[0] - ranks[1]).max() <= 1


def test_few_images_are_believed_less_than_many():
    peak = np.zeros((len(WIDTHS), CELLS, CELLS), np.float32)
    peak[:, 5, 5] = 1
    surprise = [np.full((48, 48), 0.5, np.float32)] * len(WIDTHS)
    few, many = (Places.of([peak] * count).standardised(surprise) for count in (2, 200))
    place = np.s_[11, 11]
    assert few[place] > many[place]


def test_maps_are_finite_and_positive_for_images_smaller_than_the_cells():
    found = PLACES.standardised(scales(RANDOM.exponential(1, (9, 13)).astype(np.float32)))
    assert found.shape == (9, 13)
    assert np.isfinite(found).all()
    assert (found > 0).all()


def test_a_wide_blur_of_fewer_pixels_is_the_blur():
    import cv2

    spot = np.zeros((200, 160), np.float32)
    spot[100, 80] = 1
    for width in WIDTHS:
        exact = cv2.GaussianBlur(spot, (0, 0), width, borderType=cv2.BORDER_REFLECT)
        assert np.abs(blurred(spot, width) - exact).max() < 0.08 * exact.max()
