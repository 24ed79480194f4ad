"""What is found out about how normal images differ, and that training varies that and nothing else."""

import numpy as np
import pytest
import torch

from vaeedit.api import Frame
from vaeedit_anomaly.variety import Variety, varied, variety

RANDOM = np.random.default_rng(0)


def frames(count=24, *, left=0.0, top=0.0, slanted=False, exposures=0.0):
    """Noise with a brighter left half or top half, or with a grain that leans to one side."""
    rows, columns = np.mgrid[:64, :72]
    found = []
    for _ in range(count):
        x = 0.4 + RANDOM.normal(0, 0.05, (64, 72))
        x[:, :36] += left
        x[:32] += top
        if slanted:
            x += 0.2 * np.sin((rows + columns) / 2 + RANDOM.uniform(0, 6))
        x *= np.exp(RANDOM.normal(0, exposures))
        found.append(Frame(np.rint(x.clip(0, 1) * 255).astype(np.uint8)[..., None]))
    return found


def test_textures_may_be_mirrored_and_what_has_a_side_may_not():
    assert variety(frames()).mirrors == (True, True)
    assert variety(frames(left=0.2)).mirrors == (True, False)
    assert variety(frames(top=0.2)).mirrors == (False, True)
    assert variety(frames(slanted=True)).mirrors == (False, False)


def test_of_few_images_nothing_is_said_about_symmetry():
    assert variety(frames(5)).mirrors == (False, False)


@pytest.mark.parametrize("exposures", [0.0, 0.2])
def test_exposures_are_measured(exposures):
    assert variety(frames(60, exposures=exposures)).exposure == pytest.approx(exposures, rel=0.4, abs=0.02)


def test_only_what_is_allowed_is_varied():
    x = torch.rand(16, 3, 8, 10, generator=torch.Generator().manual_seed(0))
    seeded = torch.Generator().manual_seed
    assert torch.equal(varied(x, (False, False), 0.0, seeded(1)), x)
    mirrored = varied(x, (False, True), 0.0, seeded(1))
    same = [torch.equal(a, b) for a, b in zip(mirrored, x, strict=True)]
    flipped = [torch.equal(a, b.flip(2)) for a, b in zip(mirrored, x, strict=True)]
    assert all(a != b for a, b in zip(same, flipped, strict=True))
    assert 2 < sum(flipped) < 14
    gains = varied(x * 0.5, (False, False), 0.3, seeded(1)) / (x * 0.5).clamp_min(1e-6)
    assert gains.amax((1, 2, 3)).log().abs().max() < 0.3
    assert gains.amax((1, 2, 3)).std() > 0.05
    assert (gains.amax((1, 2, 3)) - gains.amin((1, 2, 3))).max() < 0.01  # one gain an image


def test_nothing_is_the_default():
    assert Variety() == Variety((False, False), 0.0)
