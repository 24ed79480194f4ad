"""Synthetic defects stay where their label is, repeat by seed, and keep images images."""

import pytest
import torch

from vaeedit_anomaly.defects import KINDS, label, spoil
from vaeedit_anomaly.perlin import blobs, perlin


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def normals(count=6, channels=3, size=(48, 64)):
    """Smooth pictures with some structure, all different."""
    coarse = torch.rand(count, channels, 6, 8, generator=seeded(1))
    return torch.nn.functional.interpolate(coarse, size=size, mode="bicubic").clamp(0, 1)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", KINDS)
def test_nothing_changes_outside_the_label(name, channels):
    x = normals(channels=channels)
    spoiled, marks = KINDS[name][0](x, x.roll(1, 0), seeded())
    assert spoiled.shape == x.shape
    assert marks.shape == (6, 1, 48, 64)
    assert 0 <= spoiled.min() <= spoiled.max() <= 1
    assert 0 <= marks.min() <= marks.max() <= 1
    unchanged = (spoiled - x).abs().amax(1, keepdim=True)[marks == 0]
    assert unchanged.numel() == 0 or unchanged.max() < 1e-6
    if name != "none":
        assert marks.max() > 0.5
        assert (marks == 0).float().mean() > 0.3


@pytest.mark.parametrize("name", KINDS)
def test_defects_repeat_by_seed_and_inputs_stay(name):
    x = normals()
    before = x.clone()
    first, again, other = (KINDS[name][0](x, x.roll(1, 0), seeded(s))[0] for s in (3, 3, 4))
    assert torch.equal(x, before)
    assert torch.equal(first, again)
    assert torch.equal(first, other) == (name == "none")


@pytest.mark.parametrize("name", KINDS)
def test_gray_stays_gray(name):
    x = normals(channels=1).expand(-1, 3, -1, -1)
    spoiled, _ = KINDS[name][0](x, x.roll(1, 0), seeded())
    assert torch.allclose(spoiled[:, :1].expand_as(spoiled), spoiled, atol=1e-6)


def test_a_batch_has_every_kind_and_some_images_stay():
    x = normals(count=60)
    spoiled, marks = spoil(x, seeded())
    clean = (marks.flatten(1).amax(1) == 0).float().mean().item()
    assert 0.05 < clean < 0.35
    assert torch.equal(spoiled[marks.flatten(1).amax(1) == 0], x[marks.flatten(1).amax(1) == 0])
    assert torch.equal(spoil(x, seeded())[0], spoiled)


def test_one_image_alone_can_be_spoiled():
    x = normals(count=1, size=(16, 16))
    assert all(torch.isfinite(spoil(x, seeded(s))[0]).all() for s in range(8))


def test_labels_grow_with_the_change():
    x = torch.full((1, 1, 32, 32), 0.5)
    mask = torch.zeros_like(x)
    mask[..., 8:24, 8:24] = 1
    middles = [label(x, x + change * mask, mask)[0, 0, 16, 16].item() for change in (0.0, 0.01, 0.1, 0.4)]
    assert middles == sorted(middles)
    assert middles[0] == 0
    assert middles[1] < 0.3
    assert middles[2] > 0.9


def test_perlin_noise_is_smooth_centered_and_as_fine_as_asked():
    coarse, fine = (perlin(16, (64, 64), (cells, cells), seeded()) for cells in (2, 16))
    assert coarse.shape == (16, 1, 64, 64)
    assert abs(coarse.mean()) < 0.05
    assert coarse.abs().max() < 1
    steps = [(noise[..., 1:] - noise[..., :-1]).abs().mean() for noise in (coarse, fine)]
    assert steps[1] > 4 * steps[0]


def test_every_blob_covers_something_and_not_everything():
    shares = blobs(40, (32, 48), seeded()).mean((1, 2, 3))
    assert shares.min() > 0
    assert shares.max() < 0.7
