"""The test of drift: what sets it off, how seldom it is wrong, and that a break changes nothing."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaeedit_anomaly import drift
from vaeedit_anomaly.drift import LEVEL, WINDOW, Drift, p_value

SHAPES = {
    "gamma": lambda random, count: random.gamma(2.0, size=count),
    "normal": lambda random, count: random.normal(size=count),
    "two kinds": lambda random, count: random.normal(size=count) + 8 * (random.random(count) < 0.4),
    "many equal": lambda random, count: random.integers(0, 4, count).astype(float),
}
ANY = {
    "seed": st.integers(0, 2**32),
    "held_out": st.integers(5, 400),
    "shape": st.sampled_from(sorted(SHAPES)),
}


def outcomes(held_out, scores):
    """The outcomes of all windows."""
    watched = Drift(held_out)
    return [found for score in scores if (found := watched.take(score))]


@settings(derandomize=True, max_examples=25)
@given(**ANY)
def test_lines_without_drift_are_seldom_warned_of(seed, held_out, shape):
    random, draw = np.random.default_rng(seed), SHAPES[shape]
    wrong = 0
    for _ in range(40):
        found = outcomes(draw(random, held_out), draw(random, 5 * WINDOW))
        wrong += any(one.drifted for one in found)
    assert wrong <= 6  # 0.4 are expected at most, and more than 6 of 40 come once in ten million


@settings(derandomize=True, max_examples=25)
@given(**ANY)
def test_p_values_are_never_too_small(seed, held_out, shape):
    random, draw = np.random.default_rng(seed), SHAPES[shape]
    found = [p_value(draw(random, held_out), draw(random, WINDOW)) for _ in range(60)]
    assert sum(value <= 0.05 for value in found) <= 14  # 3 are expected; more than 14 come once in a million


def test_the_levels_of_all_windows_add_up_to_the_stated_one():
    random = np.random.default_rng(0)
    found = outcomes(random.normal(size=50), random.normal(size=60 * WINDOW))
    assert [one.window for one in found] == [*range(1, 61)]
    total = sum(one.level for one in found)
    assert total < LEVEL
    assert total == pytest.approx(LEVEL * 60 / 61)


@pytest.mark.parametrize("held_out", [40, 80, 400])
@pytest.mark.parametrize(
    "change", [lambda x: x + 2, lambda x: x - 2, lambda x: 6 * x + 1], ids=["up", "down", "wide"]
)
def test_a_changed_line_is_seen_in_the_first_window(held_out, change):
    for seed in range(20):
        random = np.random.default_rng(seed)
        found = outcomes(random.normal(size=held_out), change(random.normal(size=WINDOW)))
        assert [one.drifted for one in found] == [True]


def test_a_few_defects_are_no_drift():
    for seed in range(20):
        random = np.random.default_rng(seed)
        scores = random.normal(size=WINDOW)
        scores[:6] += 30
        assert not outcomes(random.normal(size=80), scores)[0].drifted


def test_each_image_is_tested_once():
    random = np.random.default_rng(0)
    found = outcomes(
        random.normal(size=80), np.r_[random.normal(size=WINDOW - 1) + 9, random.normal(size=WINDOW + 1)]
    )
    assert [one.drifted for one in found] == [True, False]


@given(st.lists(st.floats(-3, 3), max_size=40), st.integers(0, 40))
def test_a_break_changes_nothing(scores, cut):
    held_out = [-2.0, -1.0, 0.0, 0.0, 1.0, 2.0]
    with mock.patch.object(drift, "WINDOW", 6), mock.patch.object(drift, "LEVEL", 0.9):
        whole, parts = Drift(held_out), Drift(held_out)
        for score in scores:
            whole.take(score)
        parts.resume(scores[:cut])
        for score in scores[cut:]:
            parts.take(score)
        assert parts == whole


def test_figures_are_numbers_of_json():
    random = np.random.default_rng(0)
    row = outcomes(random.normal(size=80).tolist(), (random.normal(size=WINDOW) + 3).tolist())[0].row()
    assert row["drift"] is True
    assert (row["window"], row["images"], row["level"]) == (1, WINDOW, LEVEL / 2)
    assert row["median"] - row["calibrated_median"] == pytest.approx(3, abs=0.5)
