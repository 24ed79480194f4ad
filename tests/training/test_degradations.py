"""Synthetic noise has the statistics that its map promises."""

import pytest
import torch

from vaeedit.training.degradations import camera, degrade, gaussian, to_grey
from vaeedit.training.recipe import Noise


def images(count=4, size=128):
    torch.manual_seed(0)
    return torch.rand(count, 3, 1, 1).expand(-1, -1, size, size).contiguous()


def test_gaussian_noise_has_the_level_it_is_told():
    x = images()
    sigma = torch.tensor([0.02, 0.05, 0.1, 0.2]).view(-1, 1, 1, 1)
    y, level = gaussian(x, sigma)
    assert torch.allclose((y - x).std((1, 2, 3)), sigma.flatten(), rtol=0.03)
    assert torch.equal(level, sigma.expand_as(level))


def test_grey_images_get_grey_noise():
    x = to_grey(images(), share=1.0)
    y, _ = gaussian(x, torch.full((4, 1, 1, 1), 0.1))
    assert torch.equal(y[:, 0], y[:, 1])
    assert torch.equal(y[:, 0], y[:, 2])


def test_camera_noise_has_the_level_of_its_map_and_correlated_neighbours():
    x = images(16)
    y, level = camera(x, torch.full((16, 1, 1, 1), 0.1))
    ratio = (y - x).std((1, 2, 3)) / level.mean((1, 2, 3))
    assert ratio.mean().item() == pytest.approx(1, abs=0.1)
    noise = y - x
    correlation = (noise[..., 1:] * noise[..., :-1]).mean() / noise.square().mean()
    assert correlation > 0.2


def test_shot_noise_grows_with_the_signal():
    dark, bright = torch.full((64, 3, 32, 32), 0.1), torch.full((64, 3, 32, 32), 0.9)
    torch.manual_seed(0)
    _, level_dark = camera(dark, torch.full((64, 1, 1, 1), 0.1))
    torch.manual_seed(0)
    _, level_bright = camera(bright, torch.full((64, 1, 1, 1), 0.1))
    assert (level_bright >= level_dark).all()
    assert level_bright.mean() > 1.2 * level_dark.mean()


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_batch_is_degraded_whole(share):
    x = images(8, 32)
    y, level = degrade(x, Noise(camera=share))
    assert y.shape == x.shape
    assert level.shape == (8, 1, 32, 32)
    assert (y != x).any()
    assert level.min() >= 0
    assert level.max() <= 75 / 255 * 1.0001
