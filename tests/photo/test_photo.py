"""The photo VAE: principal components at the start, nested levels, tiles."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from skimage import data

from vaeedit.vae.protocol import VAE, StartsFromData, TrainableVAE
from vaeedit_photo.config import PhotoConfig
from vaeedit_photo.linear import LinearLadder
from vaeedit_photo.network import PhotoVAE


@pytest.fixture(scope="module")
def crops():
    """Crops (32, 3, 64, 64) of a photograph."""
    picture = torch.from_numpy(np.ascontiguousarray(data.astronaut())).permute(2, 0, 1) / 255
    return torch.stack(
        [picture[:, 60 * i : 60 * i + 64, 50 * j : 50 * j + 64] for i in range(4) for j in range(8)]
    )


def psnr(x, y):
    return -10 * torch.log10((x - y).square().mean()).item()


def coarsest(latents, count):
    """Latents of which only the `count` coarsest channels are left."""
    levels, passed = [], 0
    for level in latents.levels:
        mean = level.mean.clone()
        mean[:, max(count - passed, 0) :] = 0
        passed += mean.shape[1]
        levels.append(level.at(mean))
    return replace(latents, levels=tuple(levels))


def test_it_is_a_trainable_vae_that_starts_from_data():
    network = PhotoVAE(PhotoConfig())
    assert isinstance(network, VAE)
    assert isinstance(network, TrainableVAE)
    assert isinstance(network, StartsFromData)


@torch.inference_mode()
def test_a_single_level_starts_at_the_best_linear_code(crops):
    linear = LinearLadder(3, (4,), (8,))
    linear.fit(crops)
    rest = crops - 0.5
    code = linear.code(0, rest)
    patches = torch.nn.functional.pixel_unshuffle(rest, 4).flatten(2).transpose(1, 2).flatten(0, 1)
    _, singular, _ = torch.linalg.svd(patches, full_matrices=False)
    best = singular[8:].square().sum() / rest.numel()  # Eckart and Young 1936
    assert (rest - linear.image(0, code)).square().mean().item() == pytest.approx(best.item(), rel=1e-3)
    assert code.square().mean((0, 2, 3)) == pytest.approx(1, rel=1e-3)


def test_more_channels_give_more_fidelity(crops):
    network = PhotoVAE(PhotoConfig()).eval()
    network.start_from(crops)
    with torch.inference_mode():
        latents = network.encode(crops, {})
        found = [psnr(network.decode(coarsest(latents, count)).mean, crops) for count in network.nested]
    assert found[0] > 20
    assert found[0] + 2 < found[1] < found[2] - 4


@torch.inference_mode()
@pytest.mark.parametrize(("count", "left_out"), [(8, 2), (14, 1), (10, 1)])
def test_training_leaves_fine_channels_out_and_counts_what_is_kept(crops, count, left_out):
    network = PhotoVAE(PhotoConfig(nested=(count,), kept=(1.0,)))
    network.start_from(crops)
    latents = network.encode(crops, {})
    terms = network.elbo_terms(latents, crops)
    assert all(float(level) > 0 for level in terms.kl[: 3 - left_out])
    assert [float(level) for level in terms.kl[3 - left_out :]] == [0.0] * left_out
    alone = network.decode(coarsest(latents, count)).mean
    assert psnr(terms.estimate, alone) > 30  # but for the noise of the posterior


def test_the_linear_part_is_not_trained(crops):
    network = PhotoVAE(PhotoConfig())
    assert not any(parameter.requires_grad for parameter in network.linear.parameters())
    assert all(p.requires_grad for name, p in network.named_parameters() if not name.startswith("linear."))
