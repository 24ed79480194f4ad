"""The noise maps that a restorer is trained with, and the loss of its estimate of them."""

import pytest
import torch

from vaeedit_restore.degradations import Observed
from vaeedit_restore.objectives import Restoring, level_error
from vaeedit_restore.options import Noise, RestorationWeights


def maps(jitter):
    torch.manual_seed(0)
    sigma = torch.rand(64, 1, 4, 4) + 0.1
    x = torch.zeros(64, 3, 4, 4)
    objective = Restoring(RestorationWeights(noise=Noise(blind=0, jitter=jitter)))
    return sigma, objective._conditions(Observed(x, x, {"sigma": sigma}), sigma, done=1.0)["sigma"]


def test_noise_maps_are_wrong_by_one_factor_an_image_within_the_jitter():
    sigma, given = maps(0.3)
    error = (given / sigma).log()
    assert (error - error[:, :, :1, :1]).abs().max() < 1e-5
    assert 0.2 < error.abs().max() < 0.3001
    assert error.min() < 0 < error.max()


def test_without_jitter_they_are_exact():
    sigma, given = maps(0.0)
    assert torch.equal(given, sigma)


@pytest.mark.parametrize("quantile", [0.5, 0.7])
def test_the_best_estimate_is_the_quantile_of_the_level(quantile):
    levels = torch.linspace(0.1, 0.9, 801).view(-1, 1, 1, 1)
    x = torch.zeros(801, 3, 1, 1)
    seen = Observed(x, x, {"sigma": levels})
    guesses = torch.linspace(0.1, 0.9, 81)
    errors = [level_error(guess.expand_as(levels), seen, quantile) for guess in guesses]
    best = float(guesses[int(torch.stack(errors).argmin())])
    assert best == pytest.approx(0.1 + 0.8 * quantile, abs=0.011)


def test_at_the_median_it_is_the_mean_difference_of_logarithms():
    x = torch.zeros(1, 3, 1, 1)
    seen = Observed(x, x, {"sigma": torch.full((1, 1, 1, 1), 0.1)})
    assert float(level_error(torch.full((1, 1, 1, 1), 0.2), seen)) == pytest.approx(0.6931, abs=1e-4)
