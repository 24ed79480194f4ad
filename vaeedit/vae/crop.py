"""The part of a tile's latents that belongs to the pixels that the tile keeps."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor

from vaeedit.tiling import Span, Tile
from vaeedit.vae.latents import Gaussian, Latents


def cropped(latents: Latents, tile: Tile, height: int) -> Latents:
    """The latents of a tile, whose grids (B, C, h, w) cover the pixels seen, cut to the pixels kept.

    `height` is the number of rows of all pixels seen; grids of the context are cut, too.
    """
    levels = []
    for level in latents.levels:
        stride = height // level.mean.shape[2]
        origin = (
            level.origin[0] + _kept(tile.rows, stride).start,
            level.origin[1] + _kept(tile.columns, stride).start,
        )
        mean, log_scale = (_cropped(grid, tile, height) for grid in (level.mean, level.log_scale))
        levels.append(Gaussian(mean, log_scale, origin))
    return replace(latents, levels=tuple(levels), context=_cropped(latents.context, tile, height))


def _cropped(value: Any, tile: Tile, height: int) -> Any:
    """All grids (B, C, h, w) in lists and mappings, cut to the pixels kept; any other value unchanged."""
    if isinstance(value, list | tuple):
        return [_cropped(part, tile, height) for part in value]
    if isinstance(value, Mapping):
        return {name: _cropped(part, tile, height) for name, part in value.items()}
    if not isinstance(value, Tensor) or value.ndim != 4 or height % value.shape[2]:
        return value
    stride = height // value.shape[2]
    return value[..., _kept(tile.rows, stride), _kept(tile.columns, stride)]


def _kept(span: Span, stride: int) -> slice:
    """The grid positions of the pixels kept, within those seen."""
    return slice(span.kept.start // stride, -(-span.kept.stop // stride))
