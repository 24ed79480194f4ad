"""Tails, p-values and the fusion of maps against what they promise."""

from pathlib import Path
from runpy import run_path

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from vaeedit_anomaly.calibration import Calibration, Tail, Usual, fused, image_score, plane
from vaeedit_anomaly.places import CELLS, Places
from vaeedit_anomaly.scales import Scales
from vaeedit_anomaly.sizes import Preparation
from vaeedit_anomaly.texture import TEXTURE

RANDOM = np.random.default_rng(0)


def test_neg_log_p_is_the_negative_logarithm_of_the_share_above():
    tail = Tail.of(RANDOM.normal(size=200_000))
    for value, share in ((0.0, 0.5), (1.2816, 0.1), (2.3263, 0.01), (3.0902, 0.001)):
        assert tail.neg_log_p(np.array(value)) == pytest.approx(-np.log10(share), abs=0.04)
    assert tail.neg_log_p(np.array(-10.0)) == 0


def test_tails_go_on_as_exponentials_do():
    tail = Tail.of(RANDOM.exponential(2.0, 50_000))
    assert tail.neg_log_p(np.array(2.0 * 8 * np.log(10))) == pytest.approx(8, rel=0.15)  # a share of 10^-8


def test_neg_log_p_never_falls_and_value_is_its_inverse():
    for values in (
        RANDOM.normal(size=30),
        RANDOM.normal(size=3),
        np.array([1.0, 2.0]),
        np.round(RANDOM.normal(size=400)),
    ):
        tail = Tail.of(values)
        grid = np.linspace(values.min() - 1, values.max() + 5, 500)
        assert (np.diff(tail.neg_log_p(grid)) >= 0).all()
        for neg_log_p in (0.5, 1.0, 2.0, 5.0):
            assert tail.neg_log_p(np.array(tail.value(neg_log_p))) == pytest.approx(neg_log_p, abs=1e-6)


def test_equal_values_count_all_that_reach_them():
    tail = Tail.of(np.array([0.0] * 90 + [1.0] * 10))
    assert tail.neg_log_p(np.array(0.0)) == pytest.approx(0, abs=0.01)
    assert tail.neg_log_p(np.array(1.0)) == pytest.approx(1, abs=0.1)
    constant = Tail.of(np.zeros(50))
    assert np.isfinite(constant.neg_log_p(np.array([0.0, 1.0]))).all()
    assert constant.neg_log_p(np.array(0.0)) < 0.1


@pytest.mark.parametrize(("count", "rate"), [(99, 0.1), (99, 0.02), (20, 0.1), (20, 0.05)])
def test_the_stated_rate_of_false_alarms_holds_on_average(count, rate):
    alarms = []
    for _ in range(400):
        scores = RANDOM.gamma(2.0, size=count + 100)
        limit = Tail.of(scores[:count]).value(-np.log10(rate))
        alarms.append((scores[count:] > limit).mean())
    assert np.mean(alarms) == pytest.approx(rate, abs=3 * np.std(alarms) / 20 + 0.1 * rate)


def calibration(scores):
    tail = Tail.of(np.asarray(scores, float))
    return Calibration(
        preparation=Preparation(1, 1.0),
        areas=(1, 2),
        maps={},
        scales=Scales.of([np.ones((8, 8), np.float32)]),
        scores=tail,
        held_out=len(scores),
    )


def test_p_values_of_a_held_out_image_its_superiors_and_one_far_beyond():
    found = calibration(np.arange(1, 100))
    assert found.p_value(90) == pytest.approx(0.1, abs=0.02)
    assert found.p_value(0.5) == 1
    assert 0 < found.p_value(1e6) < 1e-6
    assert found.p_value(found.limit(0.01)) == pytest.approx(0.01)


def test_the_fused_map_is_highest_where_most_maps_are():
    flat = Places.of([np.full((CELLS, CELLS), level, np.float32) for level in (-1, 1)])
    tails = {name: Usual(flat, Tail.of(RANDOM.normal(size=10_000))) for name in "ab"}
    maps = {name: torch.zeros(1, 1, 40, 40) for name in "ab"}
    maps["a"][..., 8:13, 8:13] = 4.0
    maps["a"][..., 28:33, 28:33] = maps["b"][..., 28:33, 28:33] = 4.0
    neg_log_p = fused(maps, tails)
    assert neg_log_p.shape == (40, 40)
    assert neg_log_p[30, 30] > neg_log_p[10, 10] > neg_log_p[10, 30]
    assert np.unravel_index(neg_log_p.argmax(), neg_log_p.shape) == (30, 30)


def test_the_benchmark_of_the_maps_measures_the_product():
    path = Path(__file__).parents[2] / "benchmarks" / "anomaly.py"
    benchmark = run_path(str(path))
    flat = Places.of([np.full((CELLS, CELLS), level, np.float32) for level in (-1, 1)])
    maps = {name: Usual(flat, Tail.of(RANDOM.normal(size=10_000))) for name in ("color", "defect", TEXTURE)}
    found = replace(calibration([1.0, 2.0]), maps=maps)
    anomaly_map = {name: torch.from_numpy(RANDOM.normal(size=(1, 1, 40, 40))) for name in maps}
    neg_log_ps = benchmark["neg_log_ps"]({name: plane(grid) for name, grid in anomaly_map.items()}, maps)
    rules = benchmark["rules"](list(maps), [neg_log_ps], found.scales)
    assert np.allclose(rules["the product"](neg_log_ps), found.map_of(anomaly_map), rtol=0.01)
    assert not np.allclose(rules["all maps alike"](neg_log_ps), found.map_of(anomaly_map), rtol=0.1)


def test_the_score_is_the_mean_of_the_least_probable_pixels():
    neg_log_p = np.zeros((100, 100))
    neg_log_p.ravel()[:6] = 3.0
    assert image_score(neg_log_p, 0.0006) == 3.0
    assert image_score(neg_log_p, 0.0012) == 1.5
    assert 0 < image_score(neg_log_p) <= 3.0
    assert image_score(np.full((1, 1), 2.0)) == 2.0


def test_stated_false_alarms_are_kept_on_average_and_one_outlier_does_not_set_the_threshold():
    random = np.random.default_rng(0)
    kept, thresholds = [], {"with": [], "with two": [], "without": []}
    for _ in range(200):
        scores = random.gumbel(4.5, 1.0, 56)
        limit = Tail.of_few(scores).value(2.0)
        kept.append(1 - np.exp(-np.exp(4.5 - limit)))
        thresholds["without"].append(limit)
        thresholds["with"].append(Tail.of_few(np.append(scores, 14.0)).value(2.0))
        thresholds["with two"].append(Tail.of_few(np.append(scores, [14.0, 40.0])).value(2.0))
    assert 0.007 < np.mean(kept) < 0.016  # 1 % is stated
    usual, one, two = (np.mean(thresholds[name]) for name in ("without", "with", "with two"))
    assert one - usual < 1.0  # the outlier is 5 above the threshold
    assert two - usual < 2.0


@pytest.mark.parametrize("count", [1, 2, 3, 4, 9, 400])
def test_a_tail_of_few_values_is_one_and_its_inverse_is_right(count):
    values = np.random.default_rng(count).gumbel(4, 1, count)
    tail = Tail.of_few(values)
    for neg_log_p in (0.1, 1.0, 2.0, 5.0):
        if neg_log_p >= tail.neg_log_ps[0]:
            assert tail.neg_log_p(np.array(tail.value(neg_log_p))) == pytest.approx(neg_log_p)
