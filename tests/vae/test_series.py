"""A series of latents becomes several images, tile by tile, beside everything a single one may ask for."""

import numpy as np
import pytest
import torch
from torch import nn

from vaeedit.errors import VaeeditError
from vaeedit.image import Frame
from vaeedit.vae.edited import Mixture, Series, edited_again
from vaeedit.vae.files import VaeInfo
from vaeedit.vae.latents import Decoded, Gaussian, Latents
from vaeedit.vae.loaded import LoadedVae

HOW = {"precision": torch.float32}


class Halving(nn.Module):
    """Latents are the pixels, decoded at half their value with a deviation of a tenth."""

    channels, multiple, receptive_field, conditions = 3, 1, 0, ()

    def __init__(self):
        super().__init__()
        self.none = nn.Conv2d(1, 1, 1)

    def encode(self, x, conditions):
        return Latents((Gaussian(x, None),))

    def decode(self, latents, *, std=False):
        mean = latents.levels[0].mean / 2
        return Decoded(mean, torch.full_like(mean, 0.1) if std else None)


@pytest.fixture
def vae():
    return LoadedVae(
        Halving(), VaeInfo(name="halving", architecture="halving", config={}), torch.device("cpu")
    )


@pytest.fixture
def frame():
    return Frame(np.random.default_rng(0).random((40, 50, 3)).astype(np.float32))


def times(latents, factor):
    (level,) = latents.levels
    return Latents((level.at(level.mean * factor),))


def fan(latents):
    return Series(times(latents, factor) for factor in (0, 1, 2))


@pytest.mark.parametrize("tile", [None, 16])
def test_every_member_becomes_an_image(vae, frame, tile):
    found = vae.edit_all(frame, fan, tile=tile, **HOW)
    for made, factor in zip(found, (0, 0.5, 1), strict=True):
        assert np.allclose(made.pixels, factor * frame.pixels, atol=1e-6)
        assert made.std is None
    assert np.array_equal(vae.edit(frame, fan, tile=tile, **HOW).pixels, found[0].pixels)


@pytest.mark.parametrize("tile", [None, 16])
def test_each_has_its_deviation(vae, frame, tile):
    def edit(latents):
        spread = Mixture([(0.5, times(latents, 0)), (0.5, times(latents, 2))])
        return Series([latents, spread])

    single, mixed = vae.edit_all(frame, edit, std=True, tile=tile, **HOW)
    assert np.allclose(single.std, 0.1)
    assert np.allclose(mixed.std, np.sqrt(0.1**2 + (frame.pixels / 2) ** 2), atol=1e-5)
    assert np.allclose(mixed.pixels, frame.pixels / 2, atol=1e-6)


def test_delta_is_of_each(vae, frame):
    found = vae.edit_all(frame, fan, delta=True, **HOW)
    for made, factor in zip(found, (0.5, 1, 1.5), strict=True):
        assert np.allclose(made.pixels, np.clip(factor * frame.pixels, 0, 1), atol=1e-6)


def test_one_that_is_not_finite_is_refused(vae, frame):
    with pytest.raises(VaeeditError, match="not finite"):
        vae.edit_all(frame, lambda latents: Series([latents, times(latents, float("nan"))]), **HOW)


def test_a_component_of_a_mixture_is_one_image():
    mixture = Mixture([(1.0, Latents((Gaussian(torch.zeros(1, 3, 2, 2), None),)))])
    with pytest.raises(TypeError, match="several pictures"):
        list(edited_again(mixture, fan))
