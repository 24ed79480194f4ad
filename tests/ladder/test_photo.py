"""The photo VAE: principal components at the start, nested levels, tiles."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from networks import enough_around, influence_radius, shaken
from skimage import data

from vaeedit.vae.protocol import VAE, StartsFromData, TrainableVAE
from vaeedit_ladder import PhotoShape
from vaeedit_ladder.linear import LinearLadder
from vaeedit_ladder.photo import PhotoVAE


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
    """Latents of which only the `count` coarsest levels are left."""
    levels = [
        level if rank < count else level.at(torch.zeros_like(level.mean))
        for rank, level in enumerate(latents.levels)
    ]
    return replace(latents, levels=tuple(levels)).mean()


def test_it_is_a_trainable_vae_that_starts_from_data():
    network = PhotoVAE(PhotoShape())
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


def test_every_finer_level_adds_fidelity(crops):
    network = PhotoVAE(PhotoShape()).eval()
    network.start_from(crops)
    with torch.inference_mode():
        latents = network.encode(crops, {})
        found = [psnr(network.decode(coarsest(latents, count)).mean, crops) for count in (1, 2, 3)]
    assert found[0] > 20
    assert found[0] + 1 < found[1] < found[2] - 5


def test_the_receptive_field_is_not_larger_than_it_says():
    network = shaken(PhotoVAE(PhotoShape(widths=(8, 8, 8), blocks=(1, 2, 1), latents=(2, 2, 4))))

    def through(image):
        with torch.inference_mode():
            return network.decode(network.encode(image, {}).mean()).mean

    radius = influence_radius(through, enough_around(network))
    assert network.receptive_field // 2 < radius <= network.receptive_field


@torch.inference_mode()
def test_training_leaves_fine_levels_out_and_counts_what_is_kept(crops):
    network = PhotoVAE(PhotoShape(kept=(1.0, 0.0, 0.0)))
    network.start_from(crops)
    latents = network.encode(crops, {})
    terms = network.elbo_terms(latents, crops)
    coarse, *finer = terms.kl
    assert coarse > 0
    assert [float(level) for level in finer] == [0.0, 0.0]
    alone = network.decode(coarsest(latents, 1)).mean
    assert psnr(terms.estimate, alone) > 30  # but for the noise of the posterior
