"""Maps over the grid of a level, put together from tiles."""

import torch
from torch import Tensor

from vaeedit.api import Gaussian


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
    """The part of maps (K, 1, h, w) under a level's tile; beyond the border the last row and column go on."""
    rows, columns = (
        torch.arange(start, start + size, device=whole.device).clamp_max(limit - 1)
        for start, size, limit in zip(level.origin, level.mean.shape[2:], whole.shape[2:], strict=True)
    )
    return whole[..., rows, :][..., columns]
