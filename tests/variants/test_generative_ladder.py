"""The ladder as a generative model: any likelihood, any size, and a prior from which it generates."""

import pytest
import torch

from vaeedit.api import LIKELIHOODS, Generative
from vaeedit_ladder import LadderConfig
from vaeedit_ladder.vae import LadderVAE
from vaeedit_variants.judged import judge


def network(**changed):
    torch.manual_seed(0)
    small = {"channels": 1, "widths": (8, 12), "latents": (2, 3), **changed}
    vae = LadderVAE(LadderConfig(**small))
    for parameter in vae.parameters():  # heads start at zero, which would hide mistakes
        torch.nn.init.normal_(parameter, std=0.2)
    return vae.eval()


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("size", [(28, 28), (13, 22)])
def test_every_likelihood_and_size(likelihood, size):
    vae = network(likelihood=likelihood)
    assert isinstance(vae, Generative)
    x = torch.rand(3, 1, *size)
    draw = vae.draw(x, vae.features(x))
    assert draw.likelihood.mean.shape == x.shape
    assert draw.elbo.shape == draw.log_weight.shape == (3,)
    assert torch.stack(draw.kl).shape == (2, 3)


def test_log_weights_average_to_the_elbo():
    """Both are estimates of one bound: log q / p at samples averages to the KL."""
    vae, x = network(likelihood="bernoulli"), torch.rand(1, 1, 12, 12).round()
    with torch.no_grad():
        many = x.expand(4000, -1, -1, -1)
        draw = vae.draw(many, vae.features(many))
    difference = draw.log_weight - draw.elbo
    assert difference.mean().abs() < 4 * difference.std() / 4000**0.5


def test_a_draw_and_the_terms_of_a_laplace_agree():
    vae = network(likelihood="laplace")
    x = torch.rand(2, 1, 16, 16)
    with torch.no_grad():
        torch.manual_seed(1)
        draw = vae.draw(x, vae.features(x))
        torch.manual_seed(1)
        terms = vae.elbo_terms(vae.encode(x, {}), x)
    torch.testing.assert_close(draw.likelihood.mean, terms.sample)
    torch.testing.assert_close(torch.stack([kl.mean() for kl in draw.kl]), torch.stack(terms.kl))


def test_its_prior_decodes_to_images_of_the_multiple():
    vae = network()
    latents = vae.prior(5, (13, 22))
    assert [tuple(level.mean.shape) for level in latents.levels] == [(5, 3, 4, 6), (5, 2, 8, 12)]
    assert vae.decode(latents.sample(0)).mean.shape == (5, 1, 16, 24)


def test_figures_name_every_level():
    found = judge([(network(likelihood="bernoulli"), torch.rand(4, 1, 10, 12))], importance=3)
    assert {"kl_1", "kl_2"} <= set(found)
    assert found["kl"] == pytest.approx(found["kl_1"] + found["kl_2"], abs=2e-3)
    assert found["active_units"].endswith(" of 99")  # 3 x 3 x 3 coarse ones and 2 x 6 x 6 fine ones
