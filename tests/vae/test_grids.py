"""Grids of whole pictures: put together from tiles in any order, and read back under any tile."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vaeedit.api import Gaussian, Grid, under


def tiles_of(whole, rows, columns):
    """Tiles of (1, C, h, w), cut at these places."""
    for top, bottom in zip([0, *rows], [*rows, whole.shape[2]], strict=True):
        for left, right in zip([0, *columns], [*columns, whole.shape[3]], strict=True):
            yield Gaussian(whole[..., top:bottom, left:right], origin=(top, left))


@settings(max_examples=40, derandomize=True)
@given(st.data())
def test_tiles_in_any_order_make_the_whole(data):
    whole = torch.randn(1, 2, 9, 12, generator=torch.Generator().manual_seed(0))
    rows = sorted(data.draw(st.sets(st.integers(1, 8))))
    columns = sorted(data.draw(st.sets(st.integers(1, 11))))
    grid = Grid()
    for tile in data.draw(st.permutations(list(tiles_of(whole, rows, columns)))):
        grid.add(tile)
    assert torch.equal(grid.whole(), whole)


def test_other_values_than_the_means():
    grid, tile = Grid(), Gaussian(torch.ones(1, 3, 2, 2))
    grid.add(tile, tile.mean.sum(1, keepdim=True))
    assert torch.equal(grid.whole(), torch.full((1, 1, 2, 2), 3.0))


def test_beyond_the_border_the_last_row_goes_on():
    whole = torch.arange(12.0).reshape(1, 1, 3, 4)
    tile = Gaussian(torch.zeros(1, 1, 3, 3), origin=(2, 2))
    assert under(whole, tile)[0, 0].tolist() == [[10, 11, 11]] * 3
