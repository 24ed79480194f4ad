"""The default VAE of `denoise`: it removes what JPEG leaves, and leaves clean pictures alone."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from vaeedit import Frame, Session, Step
from vaeedit.evaluation.metrics import limited_range_luma, psnr
from vaeedit.extension.registry import registry
from vaeedit.resampling import bicubic_down


@pytest.fixture(scope="module")
def sharp():
    """A photograph made smaller by three, so that neither noise nor JPEG is left in it: (170, 170, 3)."""
    x = torch.from_numpy(data.astronaut()[:510, :510]).permute(2, 0, 1)[None].float() / 255
    return (bicubic_down(x, 3)[0].permute(1, 2, 0) * 255).round().clamp(0, 255).byte().numpy()


def denoised(pixels, **options):
    with Session(device="cpu") as session:
        return session.run(Step("denoise", **options), Frame(pixels)).frame.as_uint8()


def stored(pixels, quality, corner=0):
    """The picture as JPEG gives it back; without its first rows and columns, so that its blocks begin elsewhere."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))[corner:, corner:]


def test_it_is_the_default_and_the_one_for_gaussian_noise_stays():
    assert registry().operations.find("denoise").spec.vae == "denoise-photo"
    assert "denoise" in registry().weights.bare


@pytest.mark.parametrize("corner", [0, 3])
@pytest.mark.parametrize("quality", [20, 40])
def test_jpeg_artifacts_become_weaker_wherever_the_blocks_begin(sharp, quality, corner):
    damaged = np.ascontiguousarray(stored(sharp, quality, corner))
    truth, before, after = map(
        limited_range_luma, (sharp[corner:, corner:], damaged, denoised(damaged, detail=0))
    )
    assert psnr(truth, after) > psnr(truth, before) + 0.5


def test_a_clean_picture_stays_as_it_is(sharp):
    assert np.abs(denoised(sharp).astype(int) - sharp).max() <= 8
    assert psnr(sharp.astype(float), denoised(sharp, detail=0).astype(float)) > 45
