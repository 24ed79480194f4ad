"""Likelihoods agree with torch.distributions and with sums over all values; samples have the mean and the deviation."""

import math
from typing import get_args

import pytest
import torch
from torch.distributions import Bernoulli, Laplace, Normal

from vaeedit.vae.likelihood_names import LikelihoodName
from vaeedit.vae.likelihoods import LIKELIHOODS

VALUES = torch.arange(256) / 255


def out(name, channels=2, size=(3, 4)):
    """A decoder's output (5, P, h, w)."""
    return torch.randn(
        5, LIKELIHOODS[name].parameters(channels), *size, generator=torch.Generator().manual_seed(1)
    ).clamp(-1.9, 1.9)


def x(channels=2, size=(3, 4)):
    return torch.randint(0, 256, (5, channels, *size), generator=torch.Generator().manual_seed(2)) / 255


def test_every_name_has_one():
    assert set(LIKELIHOODS) == set(get_args(LikelihoodName))


def test_bernoulli():
    known = LIKELIHOODS["bernoulli"](out("bernoulli"))
    theirs, bits = Bernoulli(logits=out("bernoulli")), x().round()
    torch.testing.assert_close(known.log_prob(bits), theirs.log_prob(bits))
    torch.testing.assert_close(known.std, theirs.stddev)


@pytest.mark.parametrize(("name", "theirs"), [("gaussian", Normal), ("laplace", Laplace)])
def test_location_and_scale(name, theirs):
    mean, log_scale = out(name).chunk(2, 1)
    expected = theirs(mean, log_scale.exp())
    known = LIKELIHOODS[name](out(name))
    torch.testing.assert_close(known.log_prob(x()), expected.log_prob(x()))
    torch.testing.assert_close(known.mean, expected.mean)
    torch.testing.assert_close(known.std, expected.stddev)


def test_a_fixed_deviation():
    known = LIKELIHOODS["fixed-gaussian"](out("fixed-gaussian"))
    torch.testing.assert_close(known.log_prob(x()), Normal(out("fixed-gaussian"), 0.1).log_prob(x()))
    torch.testing.assert_close(known.std, torch.full_like(known.mean, 0.1))


def test_all_probabilities_of_a_logistic_mixture_are_one_and_give_its_moments():
    known = LIKELIHOODS["logistic-mixture"](out("logistic-mixture").double())
    p = torch.stack([known.log_prob(torch.full((5, 2, 3, 4), value)).exp() for value in VALUES.tolist()])
    torch.testing.assert_close(p.sum(0), torch.ones(5, 2, 3, 4), atol=1e-4, rtol=0)
    values = VALUES[:, None, None, None, None]
    mean = (p * values).sum(0)
    torch.testing.assert_close(known.mean, mean, atol=1e-4, rtol=0)
    torch.testing.assert_close(known.std, (p * (values - mean) ** 2).sum(0).sqrt(), atol=1e-3, rtol=0)


def test_a_narrow_logistic_is_a_point_and_its_neighbors_are_finite():
    """Means of components start at 0, 1/4, ..., 1; with the smallest scale, e^-7, two values share what is near 1/4."""
    narrow = torch.zeros(1, 15, 1, 1)
    narrow[:, 10:] = -20
    known = LIKELIHOODS["logistic-mixture"](narrow)
    logs = torch.stack(
        [known.log_prob(torch.full((1, 1, 1, 1), value)) for value in VALUES.tolist()]
    ).flatten()
    assert logs.isfinite().all()
    assert logs[0].item() == pytest.approx(math.log(1 / 5), abs=0.2)
    assert logs.exp().sum().item() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_samples_have_the_mean_and_the_deviation(name):
    """Of 40,000 draws: the standard error of the mean is std / 200, and five of them are allowed."""
    parameters = LIKELIHOODS[name].parameters(1)
    fixed = torch.linspace(-0.5, 0.5, parameters)[None, :, None, None]
    torch.manual_seed(0)
    known = LIKELIHOODS[name](fixed.expand(1, -1, 200, 200))
    drawn = known.sample()
    assert drawn.shape == (1, 1, 200, 200)
    mean, std = known.mean[0, 0, 0, 0].item(), known.std[0, 0, 0, 0].item()
    assert drawn.mean().item() == pytest.approx(mean, abs=5 * std / 200)
    assert drawn.std().item() == pytest.approx(std, rel=0.05)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_gradients_are_finite_for_extreme_outputs(name):
    extreme = torch.full((1, LIKELIHOODS[name].parameters(1), 4, 4), 50.0).requires_grad_()
    known = LIKELIHOODS[name](torch.cat([extreme[..., :2, :], -extreme[..., 2:, :]], 2))
    known.log_prob(torch.tensor([0.0, 1 / 255, 0.5, 1.0]).expand(1, 1, 4, 4)).sum().backward()
    assert extreme.grad.isfinite().all()
