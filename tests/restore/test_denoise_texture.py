"""Detail, brightness, color and grain of `denoise`, with the shipped VAE on a photograph of a face."""

import numpy as np
import pytest
import torch
from skimage import data
from skimage.filters import gaussian

import vaeedit
from vaeedit.image import Frame, luma
from vaeedit.run.session import Session
from vaeedit_restore import texture

HAIR, WALL = (slice(0, 24), slice(24, 88)), (slice(8, 56), slice(138, 158))


@pytest.fixture(scope="module")
def face():
    """A clean crop (128, 160, 3), and the same with noise of 12/255."""
    clean = data.astronaut()[50:178, 170:330]
    noisy = clean + np.random.default_rng(0).normal(0, 12, clean.shape)
    return clean, np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def denoised(face):
    with Session(device="cpu", precision="float32") as session:

        def run(pixels=face[1], seed=0, **options):
            pipeline = vaeedit.Pipeline(vaeedit.Step("denoise", **options), seed=seed)
            return session.run(pipeline, Frame(np.ascontiguousarray(pixels))).frame.pixels

        run.session = session
        yield run


def brightness(pixels):
    return luma(pixels.astype(np.float64))


def fine(pixels, place):
    """Root mean square of the brightness in a place, without what is wider than two pixels."""
    values = brightness(pixels)
    return float((values - gaussian(values, 1.5))[place].std())


def unclipped(*pictures):
    """Where no value of the pictures is near black or white."""
    return np.all([(picture.min(2) > 30) & (picture.max(2) < 225) for picture in pictures], 0)


def error(pixels, clean):
    return float(((pixels.astype(float) - clean) ** 2).mean())


def test_without_detail_the_result_is_the_estimate_of_least_error(denoised, face):
    frame = Frame(face[1]).with_conditions(sigma=12 / 255)
    vae = denoised.session.vae("denoise-photo")
    mean = vae.edit(frame, lambda latents: latents.mean(), precision=torch.float32)
    assert np.array_equal(denoised(sigma=12, detail=0), mean.pixels)


def test_detail_keeps_fine_contrast_where_there_is_some_at_little_error(denoised, face):
    clean = face[0]
    smooth, default, full = denoised(detail=0), denoised(), denoised(detail=1)
    assert fine(smooth, HAIR) < fine(default, HAIR) < fine(full, HAIR) < fine(face[1], HAIR)
    for result in (default, full):
        assert abs(fine(result, HAIR) - fine(clean, HAIR)) < abs(fine(smooth, HAIR) - fine(clean, HAIR))
        kept, noise = (fine(result, place) ** 2 - fine(smooth, place) ** 2 for place in (HAIR, WALL))
        assert kept > 5 * noise
    assert error(default, clean) < 1.08 * error(smooth, clean)
    assert error(default, clean) < error(full, clean) < 1.25 * error(smooth, clean)


def test_brightness_and_color_have_shares_of_their_own(denoised, face):
    noisy, clean = face[1], denoised(detail=0)
    gray, colored = denoised(detail=0, luma=0), denoised(detail=0, chroma=0)

    def color(pixels):
        return pixels - brightness(pixels)[..., None]

    inside = unclipped(noisy, clean)
    assert inside.sum() > 2000
    assert np.abs(brightness(gray) - brightness(noisy))[inside].max() < 1
    assert np.abs(brightness(colored) - brightness(clean))[inside].max() < 1
    assert np.abs(color(gray) - color(clean))[inside].max() < 1.5
    assert np.abs(color(colored) - color(noisy))[inside].max() < 1.5
    half = brightness(denoised(detail=0, luma=0.5))
    assert np.abs(2 * half - brightness(noisy) - brightness(clean))[inside].max() < 2
    assert np.array_equal(denoised(luma=0, chroma=0), noisy)


def test_grain_is_gray_fine_and_where_detail_is_uncertain(denoised):
    without = denoised(detail=0)
    added = denoised(detail=0, realism=1).astype(float) - without
    assert np.abs(added - brightness(added)[..., None])[unclipped(without)].max() <= 1.5
    grain = brightness(added)[WALL]
    assert abs(grain.mean()) < 0.2
    for axis in (0, 1):  # fine: pixels two apart are unrelated
        later = np.roll(grain, -2, axis)
        assert abs((grain * later).mean()) < 0.2 * (grain**2).mean()
    assert brightness(added)[HAIR].std() > 1.5 * grain.std() > 0.3
    assert np.array_equal(denoised(detail=0, realism=1) - without, (added % 256).astype(np.uint8))
    assert not np.array_equal(denoised(detail=0, realism=1, seed=1), denoised(detail=0, realism=1))


def test_strips_do_not_change_the_result(denoised, monkeypatch):
    options = {"realism": 0.5, "luma": 0.9}
    whole = denoised(**options)
    monkeypatch.setattr(texture, "ROWS", 20)
    assert np.array_equal(denoised(**options), whole)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 9, 1), (7, 3, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_any_size_mode_and_depth(denoised, shape, dtype):
    peak = 1 if dtype == np.float32 else np.iinfo(dtype).max
    pixels = (np.random.default_rng(0).random(shape) * peak).astype(dtype)
    result = denoised(pixels, realism=1, detail=1, chroma=0.5)
    assert result.shape == shape
    assert result.dtype == dtype
    assert np.isfinite(result).all()
