"""The conditional ladder VAE: identities of its design, on small untrained networks and on the shipped weights."""

import pytest
import torch
from msgspec.structs import replace

from vaeedit.extension.registry import registry
from vaeedit.testing.networks import shaken
from vaeedit.vae.files import find_vae, load_vae
from vaeedit_restore.configs import RestorerConfig
from vaeedit_restore.restorer import LadderRestorer

SMALL = RestorerConfig(
    widths=(8, 12, 16),
    blocks=(1, 1, 1),
    latents=(2, 2, 3),
    ladder_widths=(8, 8, 8),
    encoder_widths=(8, 8, 8),
)


@pytest.fixture(scope="module")
def shipped():
    return load_vae(find_vae("denoise", registry()), registry())[0]


def observed(size=64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    clean = torch.rand(1, 3, size // 16, size // 16, generator=generator)
    clean = torch.nn.functional.interpolate(clean, scale_factor=16, mode="bicubic").clamp(0, 1)
    return clean, clean + 0.1 * torch.randn(clean.shape, generator=generator)


def sigma_map(y, sigma=0.1):
    return {"sigma": torch.full((len(y), 1, *y.shape[2:]), sigma)}


@torch.inference_mode()
def test_decoding_at_the_prior_mean_is_the_trunk_estimate(shipped):
    _, y = observed()
    latents = shipped.encode(y, sigma_map(y))
    mean = shipped.decode(latents.mean()).mean
    assert torch.equal(mean, latents.context["mean"])
    with_ladder = shipped.decode(latents.sample(0, temperature=1e-12)).mean  # takes the ladder pass
    assert torch.allclose(mean, with_ladder, atol=1e-5)


@torch.inference_mode()
def test_samples_differ_from_the_mean_and_from_each_other(shipped):
    _, y = observed()
    latents = shipped.encode(y, sigma_map(y))
    mean, one, two = (
        shipped.decode(point).mean for point in (latents.mean(), latents.sample(1), latents.sample(2))
    )
    assert (one - mean).std() > 1e-3
    assert (one - two).std() > 1e-3


@torch.inference_mode()
def test_the_trunk_is_homogeneous(shipped):
    _, y = observed()
    mean = shipped.decode(shipped.encode(y, sigma_map(y)).mean()).mean
    halved = shipped.decode(shipped.encode(y / 2, sigma_map(y, 0.05)).mean()).mean
    assert torch.allclose(mean / 2, halved, atol=1e-5)


@torch.inference_mode()
def test_a_leaky_trunk_starts_at_the_identity_and_is_homogeneous_too():
    torch.manual_seed(0)
    network = LadderRestorer(replace(SMALL, slope=0.1)).eval()
    _, y = observed(32)
    blocks = [stage for level in (network.trunk.down_stages, network.trunk.up_stages) for stage in level]
    x = torch.randn(1, 8, 8, 8)
    assert torch.equal(blocks[0](x), x)
    shaken(network)
    assert not torch.equal(blocks[0](x), x)
    mean = network.encode(y, sigma_map(y)).context["mean"]
    halved = network.encode(y / 2, sigma_map(y, 0.05)).context["mean"]
    assert torch.allclose(mean / 2, halved, atol=1e-5)


def test_a_leaky_unit_that_is_never_positive_still_learns():
    for slope in (0.0, 0.1):
        network = shaken(LadderRestorer(replace(SMALL, slope=slope)))
        first = network.trunk.down_stages[0][0].first
        x = torch.rand(1, 8, 8, 8)
        with torch.no_grad():
            first.weight.copy_(-first.weight.abs())
        network.trunk.down_stages[0](x).sum().backward()
        assert bool(first.weight.grad.any()) == (slope > 0)


@torch.inference_mode()
def test_the_posterior_moves_the_latents_towards_the_clean_image(shipped):
    clean, y = observed(128)
    prior = shipped.encode(y, sigma_map(y))
    posterior = shipped.infer(prior, clean)
    kl = posterior.kl(prior)
    assert all((level >= -1e-4).all() for level in kl)
    assert sum(level.sum() for level in kl) > 1
    at_prior = (shipped.decode(prior.mean()).mean - clean).square().mean()
    at_posterior = (shipped.decode(posterior.mean()).mean - clean).square().mean()
    assert at_posterior < at_prior


@torch.inference_mode()
def test_the_noise_estimate_follows_the_noise(shipped):
    line = torch.linspace(0.2, 0.8, 256)
    ramp = ((line[:, None] + line) / 2).expand(1, 3, -1, -1)
    noise = torch.randn(ramp.shape, generator=torch.Generator().manual_seed(3))
    for sigma in (5 / 255, 10 / 255, 25 / 255, 50 / 255, 70 / 255):
        estimated = shipped.estimate("sigma", ramp + sigma * noise).median().item()
        assert estimated == pytest.approx(sigma, rel=0.08)


def test_the_ladder_never_reaches_the_trunk():
    network = shaken(LadderRestorer(SMALL))
    clean, y = observed(32)
    latents = network.encode(y, sigma_map(y))
    terms = network.elbo_terms(latents, clean)
    loss = terms.sample.abs().sum() + terms.sample_log_scale.sum() + terms.log_scale.sum() + sum(terms.kl)
    loss.backward()
    assert all(p.grad is None for p in network.trunk.parameters())
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in network.ladder.parameters())
