"""Augmented crops: what changes, what stays, and how many of them."""

from itertools import islice

import numpy as np
import pytest
import torch

from vaeedit.training.recipe import Data
from vaeedit.training.sources.indexed import Arrays

pytest.importorskip("pytorch_lightning")

from vaeedit.training.augment import augmented
from vaeedit.training.data import CropBatches


def crops(count=32, side=24):
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(0))


def test_without_shares_nothing_changes():
    x = crops()
    assert torch.equal(augmented(x, Data(gray=0)), x)


def test_colors_change_in_about_the_share_of_the_crops_and_stay_in_range():
    torch.manual_seed(0)
    x = crops(200)
    y = augmented(x, Data(gray=0, color=0.5))
    changed = (y != x).flatten(1).any(1).float().mean()
    assert 0.3 < changed < 0.55  # an eighth of the chosen ones meets none of the three changes
    assert y.min() >= 0
    assert y.max() <= 1


def test_other_colors_keep_gray_gray():
    torch.manual_seed(0)
    x = crops()[:, :1].expand(-1, 3, -1, -1)
    y = augmented(x, Data(gray=0, color=1))
    assert (y - y[:, :1]).abs().max() < 1e-3
    order = x[:, 0].flatten(1).argsort(1)
    assert (y[:, 0].flatten(1).gather(1, order).diff(dim=1) > -1e-5).all()  # brighter stays brighter


def test_every_pixel_of_a_mixed_crop_is_that_of_some_crop_at_its_place():
    torch.manual_seed(0)
    x = crops(8)
    y = augmented(x, Data(gray=0, mixed=1))
    same = (y[:, None] == x[None]).all(2)  # (crop, source, row, column)
    assert same.any(1).all()
    own = torch.stack([same[n, n] for n in range(8)]).float().mean((1, 2))
    assert own.min() < 0.9
    assert own.mean() > 0.3


def test_a_single_crop_is_not_mixed():
    x = crops(1)
    assert torch.equal(augmented(x, Data(gray=0, mixed=1)), x)


@pytest.mark.parametrize(("shrunk", "values"), [(0, {0, 200}), (1, {100})])
def test_crops_that_are_made_smaller_average_two_by_two_pixels(shrunk, values):
    board = 200 * (np.indices((32, 32)).sum(0) % 2).astype(np.uint8)
    split = Arrays("board", np.broadcast_to(board, (3, 3, 32, 32)))
    settings = Data(patch=(16,), batch=4, shrunk=shrunk)
    (batch,) = islice(CropBatches(split, settings, seed=0), 1)
    assert batch.images.shape == (4, 3, 16, 16)
    assert set(batch.images.unique().tolist()) == values


def test_an_image_too_small_to_be_halved_gives_crops_as_it_is():
    split = Arrays("small", np.random.default_rng(0).integers(0, 256, (2, 3, 20, 20), np.uint8))
    (batch,) = islice(CropBatches(split, Data(patch=(16,), shrunk=1.0), seed=0), 1)
    assert batch.images.shape == (8, 3, 16, 16)
