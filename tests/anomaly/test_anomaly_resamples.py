"""Intervals: they cover what is true, keep groups together, and are those of libraries where these know them."""

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap, norm

from vaeedit_anomaly.metrics import Counts, coarse, measures, sparse
from vaeedit_anomaly.resampling import bootstrapped, enough, share_bounds

RANDOM = np.random.default_rng(0)


def areas(scores, defective):
    """AUROC of images as a function of their weights."""
    table = coarse([sparse(np.array([a]), np.array([b])) for a, b in zip(scores, defective, strict=True)])
    return lambda weights: measures(*(weights @ counts for counts in table))["auroc"][None]


def test_a_share_of_single_images_has_the_exact_binomial_interval():
    for hits in (0, 1, 26, 99, 100):
        expected = binomtest(hits, 100).proportion_ci(0.95)
        found = share_bounds(np.arange(100) < hits, np.arange(100))
        assert found == pytest.approx((expected.low, expected.high))


def test_twins_count_once():
    hits = np.arange(50) < 20
    single = share_bounds(hits, np.arange(50))
    twins = share_bounds(np.repeat(hits, 4), np.repeat(np.arange(50), 4))
    assert twins == pytest.approx(single, abs=0.01)
    low, high = share_bounds(np.repeat(hits, 4), np.arange(200))
    assert high - low < 0.6 * (single[1] - single[0])
    none = share_bounds(np.zeros(200, bool), np.repeat(np.arange(50), 4))
    assert none == pytest.approx(tuple(binomtest(0, 50).proportion_ci(0.95)))
    assert share_bounds(np.array([True, False]), np.zeros(2, int)) == pytest.approx((0, 1), abs=1e-3)


def test_intervals_of_auroc_are_as_wide_as_the_figure_varies_and_twins_make_them_wider():
    true, count = 0.9, 60
    shift = norm.ppf(true) * 2**0.5
    defective = np.repeat([False, True], count)
    scores = RANDOM.normal(size=2 * count) + shift * defective
    everything = np.ones((1, 2 * count))
    varies = [
        areas(RANDOM.normal(size=2 * count) + shift * defective, defective)(everything) for _ in range(100)
    ]
    (alone,), drawn = bootstrapped(areas(scores, defective), np.arange(2 * count), defective)
    assert alone[0] < true < alone[1]
    assert np.std(drawn) == pytest.approx(np.std(varies), rel=0.35)
    groups = np.repeat(np.arange(2 * count), 4)
    four = [np.repeat(values, 4) for values in (scores, defective)]
    (together,), _ = bootstrapped(areas(*four), groups, four[1])
    (apart,), _ = bootstrapped(areas(*four), np.arange(8 * count), four[1])
    assert together == pytest.approx(alone, abs=0.01)
    assert np.ptp(apart) < 0.6 * np.ptp(alone)


def test_of_plain_means_they_are_those_of_scipy():
    values = RANDOM.exponential(size=40)
    expected = bootstrap([values], np.mean, n_resamples=2000, rng=1).confidence_interval
    (found,), drawn = bootstrapped(
        lambda weights: (weights @ values / weights.sum(1))[None], np.arange(40), np.zeros(40, bool)
    )
    assert found == pytest.approx(tuple(expected), abs=0.03)
    assert drawn.shape == (1, 2000)


def test_groups_of_both_labels_leave_no_resample_without_one_and_equal_figures_have_no_interval():
    defective = np.arange(60) % 2 > 0
    groups = np.r_[np.arange(30), np.repeat(np.arange(30, 45), 2)]
    smallest = []

    def measure(weights):
        smallest.append(min(weights[:, ~defective].sum(1).min(), weights[:, defective].sum(1).min()))
        return np.stack([np.ones(len(weights)), weights[:, 0]])

    (constant, varying), _ = bootstrapped(measure, groups, defective)
    assert constant is None
    assert varying is not None
    assert min(smallest) > 0


def test_few_groups_are_not_enough():
    assert enough(np.arange(20), np.arange(20) < 10)
    assert not enough(np.arange(19), np.arange(19) < 10)
    assert not enough(np.arange(20) // 2, np.arange(20) < 10)


def test_coarse_bins_hardly_change_the_figures():
    parts = []
    for _ in range(6):
        mask = np.zeros((60, 60), bool)
        mask[5:20, 10:30] = mask[40:43, 40:43] = True
        parts.append(
            sparse((1000 * np.exp(RANDOM.normal(size=mask.shape) + 1.5 * mask)).astype(np.uint16), mask)
        )
    table = coarse(parts).sum(1)
    assert table.shape == (3, 1024)
    exact = Counts()
    for part in parts:
        exact.gather(part)
    assert measures(*table) == {
        name: pytest.approx(value, abs=1e-3) for name, value in exact.figures().items()
    }
