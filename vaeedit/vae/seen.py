"""What a tile shows of a frame's latents: cut to the pixels that are kept, and whether all of it is finite."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from vaeedit.tiling import Tile
from vaeedit.vae.latents import Gaussian, Latents


def kept(latents: Latents, tile: Tile, height: int) -> Latents:
    """The latents of a tile's kept pixels; `height` is that of all the pixels it sees."""

    def cut(level: Gaussian) -> Gaussian:
        stride = height // level.mean.shape[2]
        rows, columns = (
            slice(span.kept.start // stride, -(-span.kept.stop // stride))
            for span in (tile.rows, tile.columns)
        )
        log_scale = None if level.log_scale is None else level.log_scale[..., rows, columns]
        origin = (level.origin[0] + rows.start, level.origin[1] + columns.start)
        return Gaussian(level.mean[..., rows, columns], log_scale, origin)

    context = {name: _cut(grid, tile, height) for name, grid in latents.context.items()}
    return replace(latents, levels=tuple(cut(level) for level in latents.levels), context=context)


def _cut(found: Any, tile: Tile, height: int) -> Any:
    """Grids (B, C, h, w) of a context, at the tile's kept pixels; anything else as it is."""
    if isinstance(found, list | tuple):
        return [_cut(one, tile, height) for one in found]
    if isinstance(found, Mapping):
        return {name: _cut(one, tile, height) for name, one in found.items()}
    if not isinstance(found, Tensor) or found.ndim != 4 or height % found.shape[2]:
        return found
    stride = height // found.shape[2]
    rows, columns = (
        slice(span.kept.start // stride, -(-span.kept.stop // stride)) for span in (tile.rows, tile.columns)
    )
    return found[..., rows, columns]


def all_finite(found: Any) -> bool:
    """Whether all tensors of levels or a context hold finite numbers only."""
    if isinstance(found, Tensor):
        return bool(torch.isfinite(found).all())
    if isinstance(found, Gaussian):
        return all_finite(found.mean) and all_finite(found.log_scale)
    if isinstance(found, Mapping):
        return all(map(all_finite, found.values()))
    return not isinstance(found, list | tuple) or all(map(all_finite, found))
