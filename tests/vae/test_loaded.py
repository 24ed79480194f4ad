"""LoadedVae: tiles equal the whole, on the shipped weights; conditions, gray images, mixtures, precision."""

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vaeedit.errors import WeightsError
from vaeedit.extension.registry import registry
from vaeedit.image import Estimated, Frame
from vaeedit.vae.edited import Mixture
from vaeedit.vae.files import find_vae, load_vae
from vaeedit.vae.latents import all_finite
from vaeedit.vae.loaded import LoadedVae

TOLERANCE = 1e-4  # of [0, 1]: convolutions of other shapes sum in another order; a seam would be far larger


@pytest.fixture(scope="module")
def vae():
    return LoadedVae(*load_vae(find_vae("denoise", registry()), registry()), torch.device("cpu"))


def noisy(height, width, channels=3, seed=0):
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    smooth = 0.5 + 0.3 * np.sin(rows / 7)[..., None] * np.cos(columns / 11)[..., None]
    return (smooth + random.normal(0, 0.1, (height, width, channels))).astype(np.float32)


def mean(latents):
    return latents.mean()


def sample(latents):
    return latents.sample(11)


def mixture(latents):
    return Mixture([(0.5, latents.mean()), (0.25, latents.sample(1)), (0.25, latents.sample(2))])


@settings(max_examples=25, derandomize=True)
@given(
    thin=st.integers(1, 24),
    long=st.integers(1, 900),
    tall=st.booleans(),
    tile=st.integers(16, 600),
    edit=st.sampled_from([mean, sample, mixture]),
    sigma=st.sampled_from([Estimated(), 0.1]),
)
@example(thin=17, long=883, tall=False, tile=97, edit=mixture, sigma=Estimated())
@example(thin=8, long=640, tall=True, tile=64, edit=sample, sigma=Estimated(0.5))
@example(thin=1, long=1, tall=False, tile=16, edit=mean, sigma=Estimated())
def test_tiles_equal_the_whole(vae, thin, long, tall, tile, edit, sigma):
    size = (long, thin) if tall else (thin, long)
    frame = Frame(noisy(*size)).with_conditions(sigma=sigma)
    whole = vae.edit(frame, edit, precision=torch.float32, std=True, tile=10_000)
    tiled = vae.edit(frame, edit, precision=torch.float32, std=True, tile=tile)
    assert np.abs(whole.pixels - tiled.pixels).max() <= TOLERANCE
    assert np.abs(whole.std - tiled.std).max() <= TOLERANCE
    if isinstance(sigma, Estimated):
        assert whole.conditions["sigma"] == pytest.approx(tiled.conditions["sigma"], rel=1e-3)


def test_a_square_image_in_tiles_in_both_directions(vae):
    frame = Frame(noisy(701, 613)).with_conditions(sigma=0.1)
    whole = vae.edit(frame, sample, precision=torch.float32, tile=10_000)
    tiled = vae.edit(frame, sample, precision=torch.float32, tile=256)
    assert np.abs(whole.pixels - tiled.pixels).max() <= TOLERANCE


def test_a_map_of_the_noise_is_followed_place_by_place(vae):
    flat = Frame(np.clip(noisy(64, 128), 0, 1))
    sigma = np.full((64, 128), 0.1, np.float32)
    sigma[:, 64:] = 0.004
    restored = vae.edit(flat.with_conditions(sigma=sigma), mean, precision=torch.float32)
    change = np.abs(restored.pixels - flat.pixels)
    assert change[:, :48].mean() > 2 * change[:, 80:].mean()


def test_a_constant_map_equals_the_number(vae):
    frame = Frame(noisy(40, 56))
    number = vae.edit(frame.with_conditions(sigma=0.1), mean, precision=torch.float32)
    drawn = np.full((40, 56), 0.1, np.float32)
    assert np.allclose(
        number.pixels,
        vae.edit(frame.with_conditions(sigma=drawn), mean, precision=torch.float32).pixels,
        atol=1e-6,
    )


def test_gray_stays_gray_and_is_denoised(vae):
    clean = np.full((96, 96, 1), 0.5, np.float32)
    frame = Frame(clean + np.random.default_rng(0).normal(0, 0.1, clean.shape).astype(np.float32))
    restored = vae.edit(frame.with_conditions(sigma=0.1), mean, precision=torch.float32)
    assert restored.pixels.shape == clean.shape
    assert (restored.pixels - clean).std() < 0.04


def test_an_unknown_condition_is_a_sentence(vae):
    frame = Frame(noisy(16, 16)).with_conditions(blur=2.0)
    with pytest.raises(WeightsError, match="does not support the condition blur"):
        vae.edit(frame, mean, precision=torch.float32)


def test_the_scale_of_a_mixture_follows_the_law_of_total_variance(vae):
    frame = Frame(noisy(32, 32)).with_conditions(sigma=0.15)
    seen = {}

    def both(latents):
        parts = [latents.sample(1), latents.sample(2)]
        with torch.inference_mode():
            seen["parts"] = [vae.network.decode(part, std=True) for part in parts]
        return Mixture([(0.5, part) for part in parts])

    edited = vae.edit(frame, both, precision=torch.float32, std=True)
    one, two = seen["parts"]
    expected = ((one.std**2 + two.std**2) / 2 + ((one.mean - two.mean) / 2) ** 2).sqrt()
    calibrated = vae.info.temperature * expected[0].permute(1, 2, 0).numpy()
    assert np.allclose(edited.std, calibrated, rtol=1e-3, atol=1e-5)


def test_bfloat16_is_within_one_8_bit_step_on_average(vae):
    frame = Frame(noisy(128, 128)).with_conditions(sigma=0.1)
    exact, rounded = (
        vae.edit(frame, mean, precision=precision).pixels for precision in (torch.float32, torch.bfloat16)
    )
    assert np.abs(exact - rounded).mean() < 1 / 255


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_values_are_finite_even_if_their_sum_is_not(dtype):
    large = torch.full((4, 5), torch.finfo(dtype).max, dtype=dtype)
    assert all_finite(large)
    for value in (torch.inf, -torch.inf, torch.nan):
        large[1, 1] = value
        assert not all_finite(large)
    assert not all_finite(torch.tensor([torch.inf, -torch.inf]))
