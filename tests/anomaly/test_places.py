"""What is usual where, and at which scale: borders that always deviate stop doing so; holes and wide regions still do."""

import cv2
import numpy as np
import pytest

from vaeedit_anomaly.places import CELLS, Places, blurred, cells
from vaeedit_anomaly.scales import WIDTHS, Scales

RANDOM = np.random.default_rng(0)


def normal(height=120, width=96):
    """Noise, and a left border that always deviates."""
    found = RANDOM.exponential(0.4, (height, width)).astype(np.float32)
    found[:, :8] += 3
    return found


NORMALS = [normal(RANDOM.integers(100, 160), RANDOM.integers(92, 100)) for _ in range(30)]
PLACES = Places.of([cells(one) for one in NORMALS])


def test_a_border_that_always_deviates_is_normal_and_elsewhere_it_is_not():
    usual = PLACES.standardized(normal())
    mirrored = PLACES.standardized(np.ascontiguousarray(normal()[:, ::-1]))
    assert abs(usual[:, :4].mean()) < 3
    assert mirrored[:, -8:].mean() > 10


def test_where_no_place_differs_places_change_no_order():
    flat = Places.of([np.full((CELLS, CELLS), level, np.float32) for level in RANDOM.uniform(0, 2, 20)])
    anomaly_map = normal()
    order, found = np.argsort(anomaly_map.ravel()), flat.standardized(anomaly_map).ravel()
    assert (np.diff(found[order]) >= 0).all()


def test_means_that_differ_by_chance_alone_are_drawn_together():
    noisy = [RANDOM.normal(0, 1, (CELLS, CELLS)).astype(np.float32) for _ in range(10)]
    nothing = np.zeros((CELLS, CELLS), np.float32)
    drawn = np.abs(Places.of(noisy).standardized(nothing)).mean()
    assert drawn < 0.6 * np.abs(np.mean(noisy, 0)).mean()


def test_a_map_that_is_the_same_everywhere_and_always_is_no_deviation():
    dead = Places.of([np.full((CELLS, CELLS), 0.7, np.float32)] * 5)
    assert dead.standardized(np.full((50, 40), 0.7, np.float32)) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize(("size", "value"), [(5, 6.0), (60, 0.4)])
def test_small_strong_and_wide_weak_defects_stand_out(size, value):
    scales = Scales.of([normal()[:, 8:] for _ in range(20)])
    spoiled = normal()[:, 8:]
    spoiled[30 : 30 + size, 20 : 20 + size] += value
    found = scales.joined(spoiled)[30 : 30 + size, 20 : 20 + size].max()
    assert found > max(scales.joined(normal()[:, 8:]).max() for _ in range(20))


def test_maps_are_finite_and_positive_for_images_smaller_than_the_cells():
    scales = Scales.of([normal()])
    found = scales.joined(PLACES.standardized(RANDOM.exponential(1, (9, 13)).astype(np.float32)))
    assert found.shape == (9, 13)
    assert np.isfinite(found).all()
    assert (found > 0).all()


def test_a_wide_blur_of_fewer_pixels_is_the_blur():
    spot = np.zeros((200, 160), np.float32)
    spot[100, 80] = 1
    for width in WIDTHS:
        exact = cv2.GaussianBlur(spot, (0, 0), width, borderType=cv2.BORDER_REFLECT)
        assert np.abs(blurred(spot, width) - exact).max() < 0.08 * exact.max()
