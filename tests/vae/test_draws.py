"""The importance-weighted bound: exact for the true posterior, tighter with more draws, the ELBO on average with one."""

import math

import pytest
import torch
from torch.distributions import Normal

from vaeedit.api import LIKELIHOODS, Draw, Gaussian, importance_bound, sampled

S = 0.5
"""Deviation of p(x | z) = N(z, S^2), with p(z) = N(0, 1): p(x) = N(0, 1 + S^2) and p(z | x) are known."""
X = torch.linspace(-2, 2, 64).reshape(64, 1, 1, 1)
EVIDENCE = Normal(0, math.sqrt(1 + S**2)).log_prob(X).flatten()


def draw(mean, log_scale):
    z, kl, ratio = sampled(Gaussian(mean, log_scale))
    return Draw(Normal(z, S).log_prob(X).flatten(1).sum(1), (kl,), ratio, LIKELIHOODS["fixed-gaussian"](z))


def exact():
    mean = X / (1 + S**2)
    return draw(mean, torch.full_like(mean, 0.5 * math.log(S**2 / (1 + S**2))))


def rough():
    return draw(0.5 * X, torch.full_like(X, math.log(0.6)))


def test_with_the_true_posterior_every_draw_gives_the_evidence():
    torch.testing.assert_close(exact().log_weight, EVIDENCE, atol=1e-4, rtol=0)
    elbo = torch.stack([exact().elbo for _ in range(2000)]).mean(0)
    torch.testing.assert_close(elbo, EVIDENCE, atol=0.1, rtol=0)


def test_more_draws_tighten_the_bound():
    torch.manual_seed(0)
    one, ten, many = (
        torch.stack([importance_bound(rough() for _ in range(count)) for _ in range(50)]).mean()
        for count in (1, 10, 200)
    )
    assert one < ten < many
    assert many.item() == pytest.approx(EVIDENCE.mean().item(), abs=0.01)


def test_one_draw_is_the_elbo_on_average():
    torch.manual_seed(0)
    draws = [rough() for _ in range(4000)]
    elbo = torch.stack([each.elbo for each in draws]).mean()
    assert torch.stack([each.log_weight for each in draws]).mean().item() == pytest.approx(
        elbo.item(), abs=0.01
    )


def test_the_kl_is_that_of_torch():
    mean, log_scale = torch.randn(3, 2, 4, 4), torch.randn(3, 2, 4, 4)
    _, kl, _ = sampled(Gaussian(mean, log_scale))
    theirs = torch.distributions.kl_divergence(Normal(mean, log_scale.exp()), Normal(0, 1)).sum((1, 2, 3))
    torch.testing.assert_close(kl, theirs)


def test_gradients_through_a_draw_are_those_of_the_bound():
    """Gradients of E[(z - 1)^2] for z ~ N(m, s^2): 2 (m - 1) and, by log s, 2 s^2."""
    torch.manual_seed(0)
    mean, log_scale = (
        torch.full((20000, 1, 1, 1), 0.3).requires_grad_(),
        torch.full((20000, 1, 1, 1), -0.5).requires_grad_(),
    )
    z, _, _ = sampled(Gaussian(mean, log_scale))
    ((z - 1) ** 2).sum().backward()
    assert mean.grad.mean().item() == pytest.approx(2 * (0.3 - 1), abs=0.05)
    assert log_scale.grad.mean().item() == pytest.approx(2 * math.exp(-1), abs=0.05)


def test_no_draw_is_no_bound():
    with pytest.raises(ValueError, match="at least one"):
        importance_bound([])
