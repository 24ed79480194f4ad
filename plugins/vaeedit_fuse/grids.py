"""Maps on the grid of a level, converted to pixels and back."""

import cv2
import numpy as np
import torch
from torch import Tensor

from vaeedit_fuse.arrays import Map


def to_pixels(maps: Tensor, height: int, width: int) -> list[Map]:
    """Maps (K, 1, h, w) of a grid, interpolated to pixels: K arrays (height, width)."""
    grids = maps[:, 0].float().cpu().numpy()
    return [np.asarray(cv2.resize(grid, (width, height)), np.float32) for grid in grids]


def to_grid(maps: list[Map], like: Tensor) -> Tensor:
    """Maps (H, W) of pixels averaged over the places of the grid of `like` (B, C, h, w): (K, 1, h, w)."""
    size = like.shape[3], like.shape[2]
    grids = [np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)) for pixels in maps]
    return torch.from_numpy(np.stack(grids)[:, None]).to(like)
