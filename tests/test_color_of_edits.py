"""Edits of pictures with a color profile are those of the same colors in sRGB."""

import sys
from pathlib import Path

import numpy as np
import pytest

import vaeedit
from vaeedit.image import Frame, Metadata, read, returned, working, write
from vaeedit.image.color import profile_fault

sys.path.insert(0, str(Path(__file__).parent / "image"))
import profiles

PROFILES = {
    "P3": profiles.rgb(profiles.P3, *profiles.SRGB_CURVE),
    "ProPhoto": profiles.rgb(profiles.PROPHOTO, 1.8),
}


def _srgb() -> Frame:
    """A noisy picture whose colors sRGB and its noise hold, in 16 bits."""
    rows, columns = np.mgrid[:48, :64] / 64
    scene = np.stack([0.3 + rows * 0.4, 0.7 - columns * 0.4, 0.4 + 0.2 * (columns > 0.5)], axis=2)
    return Frame(
        np.rint((scene + np.random.default_rng(0).normal(0, 0.04, scene.shape)) * 65535).astype(np.uint16)
    )


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize(("operation", "options"), [("vary", {"amount": 1}), ("super-resolve", {"scale": 2})])
def test_a_profile_changes_nothing_of_what_is_seen(name, operation, options):
    srgb = _srgb()
    unlike = Frame(np.zeros_like(srgb.pixels), metadata=Metadata(icc=PROFILES[name]))
    own = returned(srgb, working(unlike), unlike)  # black: nothing of it is left
    assert own.metadata.icc == PROFILES[name]
    plain = vaeedit.edit(srgb, operation, **options).frame
    managed = vaeedit.edit(own, operation, **options).frame
    assert managed.metadata.icc == PROFILES[name]
    ignored = vaeedit.edit(Frame(own.pixels), operation, **options).frame
    seen = working(managed).floats()
    error = np.abs(seen - plain.floats()).max()
    before = np.abs(working(Frame(ignored.pixels, metadata=own.metadata)).floats() - plain.floats()).max()
    assert error < 0.003
    assert error < before / 3


@pytest.mark.parametrize("name", PROFILES)
def test_noise_is_removed_in_the_space_in_which_it_is_equal(name):
    """Converted to sRGB, it would be stronger in red than in blue, and clipped where colors are beyond sRGB."""
    clean = _srgb().floats()
    noise = np.random.default_rng(1).normal(0, 15 / 255, clean.shape)
    own = Frame(
        (65535 * np.clip(clean + noise, 0, 1)).astype(np.uint16), metadata=Metadata(icc=PROFILES[name])
    )
    done, ignored = (vaeedit.edit(frame, "denoise", sigma=15).frame for frame in (own, Frame(own.pixels)))
    np.testing.assert_array_equal(done.pixels, ignored.pixels)
    assert done.metadata.icc == PROFILES[name]


def test_light_without_a_curve_is_converted_even_for_denoising():
    own = Frame(_srgb().pixels, metadata=Metadata(icc=profiles.rgb(profiles.P3, 1.0)))
    done, ignored = (vaeedit.edit(frame, "denoise", sigma=15).frame for frame in (own, Frame(own.pixels)))
    assert np.abs(done.floats() - ignored.floats()).max() > 0.01


@pytest.mark.parametrize("depth", [8, 16])
def test_an_edit_of_nothing_gives_back_every_bit(depth, tmp_path):
    values = (
        np.random.default_rng(0)
        .integers(0, 1 << depth, (20, 24, 3))
        .astype(np.uint8 if depth == 8 else np.uint16)
    )
    write(Frame(values, metadata=Metadata(icc=PROFILES["P3"])), tmp_path / "in.tif")
    result = vaeedit.edit(tmp_path / "in.tif", "denoise", strength=0)
    np.testing.assert_array_equal(result.frame.pixels, values)
    assert result.frame.metadata == read(tmp_path / "in.tif").metadata
    assert profile_fault(result.frame) is None
