"""An image that is put together tile by tile, and the arrays of tensors."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from vaeedit.image.frame import Pixels, from_floats, peak_of
from vaeedit.resampling import bicubic_up

Part = tuple[np.ndarray, np.ndarray | None]
"""Values (h, w, C) of a part of an image and, if the VAE predicts them, their standard deviations."""


class Canvas:
    """An image that is put together tile by tile; `std` is None if it is not requested, or a tile has none."""

    def __init__(self, shape: tuple[int, int, int], dtype: np.dtype[Any], *, std: bool) -> None:
        self.pixels: Pixels = np.empty(shape, dtype)
        self.std = np.empty(shape, np.float32) if std else None

    def add(self, target: tuple[slice, slice], mean: np.ndarray, std: np.ndarray | None) -> None:
        """Write values in [0, 1] (h, w, C) at their place."""
        self.pixels[target] = from_floats(mean, self.pixels.dtype)
        if std is None:
            self.std = None
        elif self.std is not None:
            self.std[target] = std


def array_of(values: Tensor, channels: int) -> np.ndarray:
    """(1, C, h, w) -> (h, w, channels) float32; for gray, the average of the VAE's channels."""
    if channels == 1:
        values = values.mean(1, keepdim=True)
    return values[0].permute(1, 2, 0).cpu().numpy()


def enlarged(alpha: Pixels, times: int) -> Pixels:
    """Alpha (H, W) enlarged by bicubic interpolation."""
    values = torch.from_numpy(alpha.astype(np.float32) / np.float32(peak_of(alpha.dtype)))
    return from_floats(bicubic_up(values[None, None], times)[0, 0].numpy(), alpha.dtype)
