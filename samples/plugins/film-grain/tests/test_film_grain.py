import numpy as np

import film_grain
import vaeedit
from film_grain.noise import grain
from vaeedit.testing import parametrize_with_checks


@parametrize_with_checks(film_grain)
def test_contract(check):
    check()


def grained(value, **options):
    flat = np.full((64, 96, 3), value, np.float32)
    return np.asarray(vaeedit.edit(flat, "film-grain", **options)) - value


def test_it_is_strongest_in_the_middle_tones():
    deviations = [grained(value, amount=0.04).std() for value in (0, 0.2, 0.5, 0.8, 1)]
    assert deviations[0] == deviations[4] == 0
    assert 0.035 < deviations[2] < 0.045
    assert deviations[2] > 1.3 * max(deviations[1], deviations[3])


def test_grains_have_their_size():
    for size in (2, 5):
        noise = grain(0, 0, 400, 400, size)
        here, there = noise[:, :-size], noise[:, size:]
        assert 0.04 < (here * there).mean() < 0.09  # the autocorrelation at twice its half width: 1/16
        assert 0.95 < noise.std() < 1.05


def test_a_part_has_the_grain_of_the_whole():
    whole, part = grain(3, 0, 50, 70, 2), grain(3, 0, 20, 30, 2)
    assert np.allclose(whole[:20, :30], part, atol=1e-6)
    assert not np.allclose(part, grain(4, 0, 20, 30, 2), atol=0.1)


def test_color_is_the_share_of_independent_grain():
    assert np.ptp(grained(0.5, color=0), axis=2).max() < 1e-6
    assert np.ptp(grained(0.5, color=1), axis=2).max() > 0.02
