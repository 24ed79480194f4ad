"""The measures of benchmarks/style_measures.py react to made-up damage, and to nothing else."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from style_measures import halo, periodicity


@pytest.fixture(scope="module")
def content():
    """A calm sky over a dark ridge."""
    rows, columns = np.mgrid[:192, :256].astype(np.float32)
    sky = 0.6 + 0.1 * rows / 192
    sky[rows > 120 + 12 * np.sin(columns / 20)] = 0.15
    return np.repeat(cv2.GaussianBlur(sky, (0, 0), 0.7)[..., None], 3, 2)


def sky(content):
    return content[..., :1] > 0.5


def grain(shape, sigma, seed=0):
    drawn = cv2.GaussianBlur(
        np.random.default_rng(seed).normal(size=shape[:2]).astype(np.float32), (0, 0), sigma
    )
    return (drawn / drawn.std())[..., None]


@pytest.mark.parametrize("period", [4, 8, 10])
def test_a_woven_grid_is_seen_and_strokes_are_not(content, period):
    rows, columns = np.mgrid[:192, :256].astype(np.float32)
    grid = (np.cos(2 * np.pi * rows / period) + np.cos(2 * np.pi * columns / period))[..., None]
    damaged = periodicity(content + 0.02 * grid * sky(content), content)
    assert damaged == pytest.approx(255 * 0.02, rel=0.3)  # the deviation of the grid
    assert periodicity(content, content) == 0
    assert periodicity(content + 0.02 * grain(content.shape, 1.5), content) < damaged / 4


def test_stamps_are_seen(content):
    stamp = grain((16, 16, 3), 1.5, seed=1)
    stamps = np.tile(stamp, (12, 16, 1))
    loose = grain(content.shape, 1.5)
    assert periodicity(content + 0.03 * stamps, content) > 4 * periodicity(content + 0.03 * loose, content)


def test_fringes_beside_the_ridge_are_seen_and_even_texture_is_not(content):
    away = cv2.distanceTransform(sky(content).astype(np.uint8)[..., 0], cv2.DIST_L2, 5)[..., None]
    fringes = 0.05 * grain(content.shape, 1.5) * sky(content) * (away < 14)
    even = 0.05 * grain(content.shape, 1.5)
    assert halo(content, content) == 0
    assert halo(content + fringes, content) > 1
    assert abs(halo(content + even, content)) < 0.3 * halo(content + fringes, content)


def test_a_content_without_flat_places_has_no_value():
    busy = np.random.default_rng(0).random((64, 64, 3)).astype(np.float32)
    assert np.isnan(periodicity(busy, busy))
    assert np.isnan(halo(busy, busy))
