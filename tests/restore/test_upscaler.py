"""The upscaler: identities of its design, on a small untrained network."""

import pytest
import torch
from torch.nn.functional import interpolate

from networks import shaken
from vaeedit.errors import OptionError
from vaeedit.resampling import bicubic_down
from vaeedit.vae.protocol import ConditionalVAE, Estimator, Upscaler
from vaeedit_restore.configs import UpscalerConfig
from vaeedit_restore.upscaler import LadderUpscaler

SMALL = UpscalerConfig(
    widths=(8, 12), blocks=(2, 1), latents=(2, 3), ladder_widths=(8, 8), encoder_widths=(8, 8)
)


def small_image(size=16, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return interpolate(torch.rand(1, 3, 4, 4, generator=generator), size=(size, size), mode="bicubic").clamp(
        0, 1
    )


def conditions(y, scale, sigma=0.0):
    grid = (len(y), 1, *y.shape[2:])
    return {"scale": torch.full(grid, float(scale)), "sigma": torch.full(grid, sigma)}


@pytest.fixture
def network():
    return shaken(LadderUpscaler(SMALL))


def test_it_keeps_the_contracts(network):
    assert isinstance(network, ConditionalVAE)
    assert isinstance(network, Estimator)
    assert isinstance(network, Upscaler)


@torch.inference_mode()
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_all_samples_downscale_to_the_same_image(network, scale):
    y = small_image()
    latents = network.encode(y, conditions(y, scale))
    mean = network.decode(latents.mean()).mean
    assert mean.shape == (1, 3, 16 * scale, 16 * scale)
    sample = network.decode(latents.sample(1)).mean
    assert (sample - mean).std() > 1e-3
    trace = (bicubic_down(sample, scale) - bicubic_down(mean, scale)).abs().max()
    assert trace < 1e-3 * (sample - mean).abs().max()


@torch.inference_mode()
def test_the_trunk_is_homogeneous(network):
    y = small_image()
    mean = network.decode(network.encode(y, conditions(y, 2, 0.02)).mean()).mean
    halved = network.decode(network.encode(y / 2, conditions(y, 2, 0.01)).mean()).mean
    assert torch.allclose(mean / 2, halved, atol=1e-5)


@pytest.mark.parametrize("scale", [5, 2.5, None])
def test_a_factor_it_has_not_learned_is_refused(network, scale):
    with pytest.raises(OptionError, match="enlarges by 2, 3, 4"):
        network.magnification({} if scale is None else {"scale": scale})
