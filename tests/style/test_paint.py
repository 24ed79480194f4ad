"""What the canvas is made of: structure, activity, detail laid over detail, and the signs of a painting."""

import cv2
import numpy as np
import pytest

from vaeedit_style.paint import painted
from vaeedit_style.structure import activity, structure
from vaeedit_style.texture import laid_over


def noise(sigma, height=96, width=96, seed=0):
    drawn = np.random.default_rng(seed).normal(size=(height, width, 3)).astype(np.float32)
    blurred = cv2.GaussianBlur(drawn, (0, 0), sigma)
    return blurred / blurred.std()


def test_structure_keeps_an_edge_and_loses_what_is_small():
    edge = np.where(np.arange(96)[None, :, None] < 48, 0.2, 0.8).repeat(96, 0).repeat(3, 2).astype(np.float32)
    smooth = structure(edge + 0.05 * noise(0.7), 4)
    assert np.abs(smooth - edge)[:, :40].max() < 0.05  # nothing stands beside the edge
    assert (smooth[:, 51] - smooth[:, 44]).mean() > 0.45
    assert (smooth - edge)[:, :40].std() < 0.02
    lines = np.zeros((96, 96, 3), np.float32)
    lines[:, ::12] = 1
    assert structure(lines, 6)[20:-20, 20:-20].std() < 0.2 * lines.std()


def test_quiet_activity_does_not_spread_from_an_edge():
    half = noise(0.7) * (np.arange(96)[None, :, None] < 48)
    assert activity(half, 4)[:, 50:53].max() > 0.2
    assert activity(half, 4, quiet=True)[:, 50:].max() < 0.05
    assert activity(half, 4, quiet=True)[:, 10:40].min() > 0.7


def test_detail_over_the_same_detail_changes_nothing_and_quiet_places_stay_quiet():
    own = 0.1 * noise(1)
    np.testing.assert_allclose(laid_over(own, own, [own], [1.0], 3), own, atol=1e-4)
    calm = own * np.where(np.arange(96) < 48, 0.02, 1).astype(np.float32)[None, :, None]
    laid = laid_over(calm, 0.1 * noise(1, seed=1), [calm], [1.0], 3)
    assert laid[:, :40].std() < 0.1 * laid[:, 56:].std()


def test_strokes_replace_weak_detail():
    own, field = 0.01 * noise(1), 0.1 * noise(1, seed=1)
    laid = laid_over(own, field, [field], [1.0], 3)
    assert np.corrcoef(laid.ravel(), field.ravel())[0, 1] > 0.99
    assert laid.std() == pytest.approx(0.1, rel=0.1)


def test_strokes_everywhere_are_a_painting_and_a_lens_is_not():
    strokes = 0.5 + 0.1 * noise(1.5, 240, 320)
    lens = np.where(np.arange(320)[None, :, None] < 160, strokes, cv2.GaussianBlur(strokes, (0, 0), 8))
    assert painted(strokes) == 1
    assert painted(lens) == 0
    assert all(0 <= painted(np.full((*size, 3), 0.5, np.float32)) <= 1 for size in ((1, 1), (3, 400)))
