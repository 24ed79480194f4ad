"""The noise maps that a restorer is trained with."""

import torch

from vaeedit_restore.degradations import Observed
from vaeedit_restore.objectives import Restoring
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
