"""The downscaler is MATLAB's, and what `null_space` gives leaves no trace in it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vaeedit.resampling import bicubic_down, bicubic_up, null_space

SCALES = [2, 3, 4]


def matlab_imresize(values, scale):
    """The definition, one output value at a time: Keys' cubic stretched by `scale`, borders mirrored."""

    def cubic(x):
        x = abs(x)
        if x <= 1:
            return 1.5 * x**3 - 2.5 * x**2 + 1
        return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0

    def line(row):
        size, out = len(row), []
        for index in range(size // scale):
            center = (index + 0.5) * scale - 0.5
            taps = range(int(np.ceil(center - 2 * scale)), int(np.floor(center + 2 * scale)) + 1)
            weights = np.array([cubic((center - tap) / scale) for tap in taps])
            mirrored = [(-1 - tap if tap < 0 else tap) for tap in taps]
            mirrored = [(2 * size - 1 - tap if tap >= size else tap) for tap in mirrored]
            out.append((weights / weights.sum()) @ row[mirrored])
        return np.array(out)

    return np.apply_along_axis(line, 0, np.apply_along_axis(line, 1, values))


@pytest.mark.parametrize("scale", SCALES)
def test_downscaling_follows_the_definition(scale):
    values = np.random.default_rng(0).random((12 * scale, 10 * scale))
    ours = bicubic_down(torch.from_numpy(values).float()[None, None], scale)[0, 0].numpy()
    np.testing.assert_allclose(ours, matlab_imresize(values, scale), atol=1e-5)


@pytest.mark.parametrize("scale", SCALES)
def test_inside_the_image_pillow_agrees(scale):
    values = np.random.default_rng(0).random((24 * scale, 24 * scale)).astype(np.float32)
    ours = bicubic_down(torch.from_numpy(values)[None, None], scale)[0, 0].numpy()
    pillow = np.asarray(Image.fromarray(values).resize((24, 24), Image.Resampling.BICUBIC))
    np.testing.assert_allclose(ours[3:-3, 3:-3], pillow[3:-3, 3:-3], atol=1e-5)


@pytest.mark.parametrize("scale", SCALES)
def test_enlarging_a_plane_gives_the_plane(scale):
    ramp = torch.linspace(0, 1, 16).expand(1, 1, 16, 16)
    large = bicubic_up(ramp, scale)[0, 0, 0, 4 * scale : -4 * scale]
    steps = large.diff()
    assert torch.allclose(steps, steps.mean().expand_as(steps), atol=1e-6)


@settings(max_examples=20)
@given(
    scale=st.sampled_from(SCALES),
    rows=st.integers(1, 12),
    columns=st.integers(1, 12),
    seed=st.integers(0, 99),
)
def test_the_null_space_leaves_no_trace(scale, rows, columns, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(2, 3, rows * scale, columns * scale, generator=generator)
    part = null_space(x, scale)
    assert bicubic_down(part, scale).abs().max() < 1e-3  # 60 dB; the inverse filter is cut at 8 taps
    again = null_space(part, scale)
    assert torch.allclose(part, again, atol=1e-3)
    assert part.square().sum() <= 1.001 * x.square().sum()
