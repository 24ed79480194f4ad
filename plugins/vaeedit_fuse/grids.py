"""Maps over the grid of a level, to pixels and back."""

import cv2
import numpy as np
import torch
from torch import Tensor

from vaeedit_fuse.arrays import Map


def to_pixels(maps: Tensor, height: int, width: int) -> list[Map]:
    """Maps (K, 1, h, w) of a grid at every pixel, K times (height, width)."""
    grids = maps[:, 0].float().cpu().numpy()
    return [np.asarray(cv2.resize(grid, (width, height)), np.float32) for grid in grids]


def to_grid(maps: list[Map], like: Tensor) -> Tensor:
    """Maps (H, W) of pixels averaged over the places of a grid (1, 1, h, w): (K, 1, h, w)."""
    size = like.shape[3], like.shape[2]
    found = [np.asarray(cv2.resize(each, size, interpolation=cv2.INTER_AREA)) for each in maps]
    return torch.from_numpy(np.stack(found)[:, None]).to(like)
