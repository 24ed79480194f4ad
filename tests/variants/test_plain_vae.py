"""The plain VAE: a linear one is probabilistic PCA, of which everything is known in closed form."""

import math

import pytest
import torch
from torch.distributions import MultivariateNormal

from vaeedit.api import Generative, importance_bound
from vaeedit_variants.judged import judge
from vaeedit_variants.options import PlainConfig
from vaeedit_variants.plain import PlainVAE

HEIGHT, WIDTH, LATENTS, DEVIATION = 3, 4, 2, 0.1


def linear(log_scale_error=0.0):
    """A VAE whose layers are linear: x = W z + b + noise, with orthogonal columns of W, so that the posterior is diagonal.

    Its encoder is the posterior of probabilistic PCA (Tipping & Bishop 1999), N(M^-1 W^T (x - b), s^2 M^-1) with
    M = W^T W + s^2, but for `log_scale_error`.
    """
    config = PlainConfig(height=HEIGHT, width=WIDTH, widths=(), latents=LATENTS, likelihood="fixed-gaussian")
    vae = PlainVAE(config)
    generator = torch.Generator().manual_seed(0)
    w = torch.linalg.qr(torch.randn(HEIGHT * WIDTH, LATENTS, generator=generator))[0] * torch.tensor(
        [0.5, 0.2]
    )
    b = torch.rand(HEIGHT * WIDTH, generator=generator)
    inverse = 1 / ((w**2).sum(0) + DEVIATION**2)
    forward = inverse[:, None] * w.T  # of x - b
    encoder, decoder = vae.encoder[-1], vae.decoder[0]
    with torch.no_grad():
        decoder.weight.copy_(w)
        decoder.bias.copy_(b)
        encoder.weight.copy_(torch.cat([forward, torch.zeros_like(forward)]))
        deviations = 0.5 * torch.log(DEVIATION**2 * inverse) + log_scale_error
        encoder.bias.copy_(torch.cat([-forward @ b, deviations]))
    return vae, MultivariateNormal(b, w @ w.T + DEVIATION**2 * torch.eye(HEIGHT * WIDTH))


def test_a_linear_vae_is_probabilistic_pca():
    vae, evidence = linear()
    torch.manual_seed(0)
    x = evidence.sample((200,)).view(-1, 1, HEIGHT, WIDTH)
    draw = vae.draw(x, vae.features(x))
    torch.testing.assert_close(draw.log_weight, evidence.log_prob(x.flatten(1)), atol=1e-3, rtol=0)


def test_its_figures_are_those_of_the_closed_form():
    vae, evidence = linear()
    torch.manual_seed(0)
    x = evidence.sample((400,)).view(-1, 1, HEIGHT, WIDTH)
    exact = evidence.log_prob(x.flatten(1)).mean().item()
    found = judge([(vae, part) for part in x.split(100)], importance=5)
    assert found["images"] == 400
    assert found["importance_bound"] == pytest.approx(exact, abs=2e-3)
    assert found["elbo"] == pytest.approx(
        exact, abs=0.3
    )  # of one draw; its deviation is sqrt(latents / 2 / images)
    assert found["bits_per_dimension"] == pytest.approx(-exact / x[0].numel() / math.log(2), abs=1e-3)
    assert found["elbo"] == pytest.approx(-found["reconstruction"] - found["kl"], abs=2e-3)
    assert found["active_units"] == "2 of 2"


def test_a_wrong_posterior_costs_the_elbo_its_kl_and_the_bound_recovers_it():
    vae, evidence = linear(log_scale_error=0.5)
    torch.manual_seed(0)
    x = evidence.sample((400,)).view(-1, 1, HEIGHT, WIDTH)
    exact = evidence.log_prob(x.flatten(1)).mean().item()
    gap = LATENTS * (0.5 * (math.exp(1) - 1) - 0.5)  # KL(N(m, (s e^0.5)^2) || N(m, s^2))
    found = judge([(vae, part) for part in x.split(100)], importance=400)
    assert found["elbo"] == pytest.approx(exact - gap, abs=0.3)
    assert found["importance_bound"] == pytest.approx(exact, abs=0.02)


@pytest.mark.parametrize("layers", ["dense", "convolutional"])
@pytest.mark.parametrize("size", [(28, 28), (13, 22), (1, 5)])
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "logistic-mixture"])
def test_any_side(layers, size, likelihood):
    height, width = size
    config = PlainConfig(
        channels=3, height=height, width=width, layers=layers, widths=(8, 12, 16), latents=5,
        likelihood=likelihood,
    )  # fmt: skip
    vae = PlainVAE(config)
    assert isinstance(vae, Generative)
    x = torch.rand(2, 3, height, width)
    draw = vae.draw(x, vae.features(x))
    assert draw.likelihood.mean.shape == x.shape
    assert importance_bound([draw]).isfinite().all()
    decoded = vae.decode(vae.prior(4, size).sample(0), std=True)
    assert decoded.mean.shape == decoded.std.shape == (4, 3, height, width)
