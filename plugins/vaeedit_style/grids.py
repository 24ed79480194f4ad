"""Latents of whole pictures, put together from tiles, and neighbourhoods on their grids."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from vaeedit.api import Gaussian


class Grid:
    """One level (1, C, h, w), which grows with the tiles it is given."""

    def __init__(self) -> None:
        self.parts: list[tuple[int, int, Tensor]] = []

    def add(self, level: Gaussian) -> None:
        """The means of a level's tile, at its place."""
        self.parts.append((*level.origin, level.mean.float()))

    def whole(self) -> Tensor:
        """Everything that was added."""
        height = max(row + part.shape[2] for row, _, part in self.parts)
        width = max(column + part.shape[3] for _, column, part in self.parts)
        found = self.parts[0][2].new_zeros(1, self.parts[0][2].shape[1], height, width)
        for row, column, part in self.parts:
            found[..., row : row + part.shape[2], column : column + part.shape[3]] = part
        return found


def at(whole: Tensor, level: Gaussian) -> Tensor:
    """The part of (1, C, h, w) under a level's tile; beyond the border the last row and column go on."""
    rows, columns = (
        torch.arange(start, start + size, device=whole.device).clamp_max(limit - 1)
        for start, size, limit in zip(level.origin, level.mean.shape[2:], whole.shape[2:], strict=True)
    )
    return whole[..., rows, :][..., columns]


def levelled(levels: Sequence[Tensor]) -> list[Tensor]:
    """Levels, coarse to fine, each cut or continued to twice the size of the one before: odd sizes end in between."""
    height, width = levels[0].shape[2:]
    found = []
    for rank, level in enumerate(levels):
        rows, columns = height << rank, width << rank
        right, bottom = max(0, columns - level.shape[3]), max(0, rows - level.shape[2])
        found.append(pad(level, (0, right, 0, bottom), mode="replicate")[..., :rows, :columns])
    return found


def local_mean(values: Tensor, side: int) -> Tensor:
    """Over squares of an odd side; the border goes on."""
    return avg_pool2d(pad(values, (side // 2,) * 4, mode="replicate"), side, 1)
