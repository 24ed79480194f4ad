"""Measures of fusion against values worked out by hand."""

import numpy as np
import pytest
from skimage import data

from vaeedit.api import Frame, write
from vaeedit.cli.main import call
from vaeedit_fuse.metrics import (
    edge_preservation,
    entropy,
    exposure_structure,
    mutual_information,
    sum_of_correlated_differences,
    visual_information,
)

PHOTO = data.camera()[100:228, 150:278].astype(np.float64)
RANDOM = np.random.default_rng(0)
NOISE = RANDOM.uniform(0, 255, (128, 128))
FLAT = np.full((128, 128), 90.0)


def test_pictures_that_are_too_small_are_named(tmp_path, capsys):
    for name in "AB":
        write(Frame(np.zeros((24, 32, 3), np.uint8)), tmp_path / f"a-{name}.png")
    assert call(["evaluate", "fuse", str(tmp_path), "--mode", "focus"]) == 1
    assert "a-A.png is too small to be measured: VIF needs 41 pixels a side." in capsys.readouterr().err


def test_entropy_counts_bits():
    assert entropy(FLAT) == 0
    assert entropy(np.repeat([0.0, 255.0], 64)[None]) == pytest.approx(1)
    assert entropy(np.arange(256.0)[None]) == pytest.approx(8)


def test_information_that_is_all_there():
    assert mutual_information(PHOTO, FLAT, PHOTO) == pytest.approx(entropy(PHOTO))
    assert mutual_information(PHOTO, FLAT, FLAT) == pytest.approx(0, abs=1e-9)
    halves = np.repeat([0.0, 255.0], 64)[None]
    quarters = np.tile([0.0, 255.0], 64)[None]
    both = halves / 3 + quarters / 1.5  # four values: each source is one bit of them
    assert mutual_information(halves, quarters, both) == pytest.approx(2)


def test_differences_of_a_sum_are_its_sources():
    assert sum_of_correlated_differences(PHOTO, NOISE, PHOTO + NOISE) == pytest.approx(2)
    only_first = sum_of_correlated_differences(PHOTO, FLAT, PHOTO)
    assert only_first == pytest.approx(1)  # F - A is zero and does not depend on B


def test_edges_that_are_kept_and_edges_that_are_not():
    best = 0.9994 / (1 + np.exp(-7.5)) * 0.9879 / (1 + np.exp(-4.4))
    assert edge_preservation([PHOTO, PHOTO], PHOTO) == pytest.approx(best)
    assert edge_preservation([PHOTO, FLAT], PHOTO) == pytest.approx(best)  # what is flat has no weight
    lost = 0.9994 / (1 + np.exp(7.5))
    assert edge_preservation([PHOTO, PHOTO], FLAT) < lost
    ramp = np.tile(np.arange(64.0), (64, 1))
    half = 0.9994 / 2 * 0.9879 / (1 + np.exp(-4.4))  # edges of half the strength in the same direction
    assert edge_preservation([ramp, ramp], ramp / 2) == pytest.approx(half, rel=0.05)
    turned = 0.9994 / (1 + np.exp(-7.5)) * 0.9879 / (1 + np.exp(22 * 0.8))
    assert edge_preservation([ramp, ramp], ramp.T) == pytest.approx(turned, abs=0.05)


def test_fidelity_is_one_for_the_same_and_falls_with_blur_and_noise():
    assert visual_information(PHOTO, PHOTO, PHOTO) == pytest.approx(2)
    blurred = (PHOTO + np.roll(PHOTO, 1, 0) + np.roll(PHOTO, 1, 1) + np.roll(PHOTO, 2, 1)) / 4
    noisy = PHOTO + RANDOM.normal(0, 20, PHOTO.shape)
    assert visual_information(PHOTO, PHOTO, blurred) < 1.6
    assert visual_information(PHOTO, PHOTO, noisy) < 1.2
    assert visual_information(PHOTO, PHOTO, 1.4 * PHOTO) > 2  # contrast enhanced: more than there was
    assert visual_information(PHOTO, PHOTO, FLAT) == pytest.approx(0, abs=1e-6)


def test_the_best_exposed_source_is_the_measure():
    dark, bright = PHOTO * 0.1, PHOTO * 0.9 + 20
    assert exposure_structure([PHOTO, PHOTO], PHOTO) == pytest.approx(1, abs=1e-4)
    assert exposure_structure([dark, bright], bright) > 0.98
    assert exposure_structure([dark, bright], dark) < 0.6
    assert exposure_structure([dark, bright], bright) > exposure_structure(
        [dark, bright], (dark + bright) / 2
    )


def test_one_patch_by_the_formulas_of_the_paper():
    grid = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    window = np.outer(grid, grid) / grid.sum() ** 2
    a, b, fused = RANDOM.uniform(0, 255, (3, 11, 11))

    def centered(x):
        return np.sqrt(window) * (x - (window * x).sum())

    parts = [centered(x) for x in (a, b)]
    contrast = [np.linalg.norm(part) for part in parts]
    agreement = np.linalg.norm(sum(parts)) / sum(contrast)
    weights = np.array(contrast) ** np.tan(np.pi / 2 * agreement)
    structure = sum(w * part / c for w, part, c in zip(weights / weights.sum(), parts, contrast, strict=True))
    wanted = max(contrast) * structure / np.linalg.norm(structure)
    stability = (0.03 * 255) ** 2
    found = 2 * (wanted * centered(fused)).sum() + stability
    found /= (wanted**2).sum() + (centered(fused) ** 2).sum() + stability
    assert exposure_structure([a, b], fused) == pytest.approx(found, rel=1e-6)
