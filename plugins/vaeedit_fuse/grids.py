"""Maps over the grid of a level, put together from tiles, and the way to pixels and back."""

import cv2
import numpy as np
import torch
from torch import Tensor

from vaeedit.api import Gaussian
from vaeedit_fuse.arrays import Map


class Grid:
    """A map (1, 1, h, w) that grows with the tiles it is given."""

    def __init__(self) -> None:
        self.parts: list[tuple[int, int, Tensor]] = []

    def add(self, level: Gaussian, values: Tensor) -> None:
        """The values at the places of a level's tile, (1, 1, h, w)."""
        self.parts.append((*level.origin, values))

    def whole(self) -> Tensor:
        """Everything that was added, in its place."""
        height = max(row + part.shape[2] for row, _, part in self.parts)
        width = max(column + part.shape[3] for _, column, part in self.parts)
        found = self.parts[0][2].new_zeros(1, 1, height, width)
        for row, column, part in self.parts:
            found[..., row : row + part.shape[2], column : column + part.shape[3]] = part
        return found


def at(whole: Tensor, level: Gaussian) -> Tensor:
    """The part of maps (K, 1, h, w) under a level's tile; beyond the border the first and last rows and columns go on."""
    rows, columns = (
        torch.arange(start, start + size, device=whole.device).clamp(0, limit - 1)
        for start, size, limit in zip(level.origin, level.mean.shape[2:], whole.shape[2:], strict=True)
    )
    return whole[..., rows, :][..., columns]


def to_pixels(maps: Tensor, height: int, width: int) -> list[Map]:
    """Maps (K, 1, h, w) of a grid at every pixel, K times (height, width)."""
    grids = maps[:, 0].float().cpu().numpy()
    return [np.asarray(cv2.resize(grid, (width, height)), np.float32) for grid in grids]


def to_grid(maps: list[Map], like: Tensor) -> Tensor:
    """Maps (H, W) of pixels averaged over the places of a grid (1, 1, h, w): (K, 1, h, w)."""
    size = like.shape[3], like.shape[2]
    found = [np.asarray(cv2.resize(each, size, interpolation=cv2.INTER_AREA)) for each in maps]
    return torch.from_numpy(np.stack(found)[:, None]).to(like)
