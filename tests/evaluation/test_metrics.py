"""Metrics agree with their definitions and, where the weights are there, with published behavior."""

from pathlib import Path

import numpy as np
import pytest

from vaeedit.errors import UsageError
from vaeedit.evaluation.lpips import Lpips
from vaeedit.evaluation.metrics import ause_ratio, coverage, interval, limited_range_luma, psnr, ssim

LPIPS = Path(__file__).parents[3] / "shared" / "data" / "metrics" / "lpips-squeeze"


def test_luma_of_black_white_and_red_follows_bt601():
    pixels = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0]]], np.uint8)
    np.testing.assert_allclose(limited_range_luma(pixels)[0, :, 0], [16, 235, 81.481], atol=1e-9)


def test_psnr_and_ssim_of_a_known_error():
    reference = np.full((32, 32, 3), 100.0)
    assert psnr(reference, reference + 5) == pytest.approx(20 * np.log10(255 / 5))
    assert ssim(reference, reference) == pytest.approx(1)
    assert np.isnan(ssim(reference[:8], reference[:8]))


def test_coverage_of_a_normal_error_is_its_level():
    random = np.random.default_rng(0)
    deviation = random.uniform(0.01, 0.1, (300, 300, 3)).astype(np.float32)
    error = (deviation * random.normal(size=deviation.shape)).astype(np.float32)
    assert coverage(error, deviation) == pytest.approx(0.9, abs=0.005)
    assert coverage(error, deviation, 0.5) == pytest.approx(0.5, abs=0.005)
    assert interval(0.9) == pytest.approx(1.6449, abs=1e-4)


def test_sparsification_is_zero_for_the_true_error_and_one_for_a_random_map():
    random = np.random.default_rng(0)
    error = random.laplace(size=(200, 200, 1)).astype(np.float32)
    assert ause_ratio(error, np.abs(error)) == pytest.approx(0, abs=1e-9)
    assert ause_ratio(error, random.random(error.shape, np.float32)) == pytest.approx(1, abs=0.05)
    assert ause_ratio(error, -np.abs(error)) > 1


@pytest.mark.skipif(not LPIPS.is_dir(), reason=f"the LPIPS weights are not there: {LPIPS}")
def test_lpips_is_zero_for_equals_and_grows_with_blur_more_than_with_brightness():
    random = np.random.default_rng(0)
    picture = np.kron(random.integers(40, 200, (16, 16, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    blurred = (picture.astype(float) + np.roll(picture, 6, 0) + np.roll(picture, 6, 1)) / 3
    distance = Lpips(LPIPS)
    assert distance(picture, picture) == 0
    assert distance(picture, blurred.astype(np.uint8)) > 3 * distance(picture, picture + 3) > 0


def test_missing_lpips_weights_are_a_sentence(tmp_path):
    with pytest.raises(UsageError, match="holds no squeeze"):
        Lpips(tmp_path)
