"""The upscaler: identities of its design, on a small untrained network."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from msgspec import structs
from skimage import data
from torch.nn.functional import interpolate

from vaeedit import Frame, Session, Step
from vaeedit.api import luma
from vaeedit.errors import OptionError
from vaeedit.extension.registry import registry
from vaeedit.resampling import bicubic_down
from vaeedit.testing.networks import shaken
from vaeedit.vae.files import find_vae, load_vae
from vaeedit.vae.protocol import ConditionalVAE, Estimator, Upscaler
from vaeedit_ladder.blocks import ResidualBlock
from vaeedit_restore.configs import UpscalerConfig
from vaeedit_restore.grain import AMOUNT, grain
from vaeedit_restore.periodicity import highest_peak
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
def test_every_block_of_the_shipped_trunk_adds_something():
    network = load_vae(find_vae("super-resolve", registry()), registry())[0]
    blocks = [module for module in network.trunk.modules() if isinstance(module, ResidualBlock)]
    shares = []
    for block in blocks:
        block.register_forward_hook(
            lambda _, given, out: shares.append(float((out - given[0]).std() / given[0].std()))
        )
    y = torch.from_numpy(data.astronaut()[:128, 128:256]).permute(2, 0, 1)[None] / 255
    network.encode(y, conditions(y, 2))
    assert len(shares) == 6
    assert min(shares) > 0.01


def test_the_encoder_may_have_other_blocks():
    trunk = LadderUpscaler(structs.replace(SMALL, down_blocks=(1, 0))).trunk
    assert [len(stage) for stage in trunk.down_stages] == [1, 0]
    assert [len(stage) for stage in trunk.up_stages] == [2, 1]


def test_blocks_of_the_encoder_are_given_for_each_level():
    with pytest.raises(OptionError, match="down-blocks must have as many values as widths, 2, not 1"):
        structs.replace(SMALL, down_blocks=(1,))


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


@torch.inference_mode()
def test_what_samples_add_has_no_mean(network):
    y = small_image()
    latents = network.encode(y, conditions(y, 2))
    drawn = latents.sample(1)
    opposite = replace(drawn, levels=tuple(level.at(-level.mean) for level in drawn.levels))
    mean = latents.context["mean"]
    both = [network.decode(each).mean - mean for each in (drawn, opposite)]
    assert both[0].std() > 1e-3
    assert torch.allclose(both[0], -both[1], atol=1e-5)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_samples_of_the_shipped_model_have_no_grid(scale):
    """The face of a photograph that no model was trained on: skin, hair and a plain wall."""
    face = Frame(np.ascontiguousarray(data.astronaut()[40:136, 170:266].astype(np.float32) / 255))
    with Session(device="cpu", precision="float32") as session:
        steps = [Step("super-resolve", scale=scale, realism=realism) for realism in (0.0, 1.0)]
        mean, sample = (session.run(step, face).frame.floats() for step in steps)
    added = luma(sample) - luma(mean)
    assert highest_peak(added) < 3


def test_samples_add_little_where_it_is_flat():
    texture = data.gravel()[:48, :48, None].repeat(3, 2) / np.float32(255)
    small = Frame(np.hstack([np.full_like(texture, 0.6), texture]))
    with Session(device="cpu", precision="float32") as session:
        steps = [Step("super-resolve", model="bicubic", realism=realism) for realism in (0.0, 1.0)]
        mean, sample = (luma(session.run(step, small).frame.floats()) for step in steps)
    added = sample - mean
    assert 0 < added[:, :84].std() < 0.6 * added[:, 108:].std()


def test_grain_follows_the_predicted_scale():
    e = torch.randn(1, 9, 80, 80, generator=torch.Generator().manual_seed(0))
    log_scale = torch.full((1, 3, 240, 240), -4.0)
    log_scale[..., 120:] = -2
    drawn = grain(e, log_scale, 3)
    assert drawn[..., 124:].std() / drawn[..., :116].std() == pytest.approx(np.exp(2), rel=0.1)
    assert drawn[..., :116].std() == pytest.approx(AMOUNT * 2**0.5 * np.exp(-4), rel=0.1)
    assert highest_peak(drawn[0, 0].numpy()) < 3
    assert not grain(e[:, :8], log_scale, 3).any()


def test_a_grid_is_seen():
    noise = np.random.default_rng(0).normal(0, 1, (256, 256))
    assert highest_peak(noise) < 3
    noise[::4, ::4] += 2
    assert highest_peak(noise) > 6
