"""Values on the grid of a level for the whole picture, assembled from tiles, and the part of them for a tile."""

import torch
from torch import Tensor

from vaeedit.vae.latents import Gaussian


class Grid:
    """Values (B, C, h, w) over the whole grid of one level, assembled from the tiles that `gather` gets."""

    def __init__(self) -> None:
        self._parts: list[tuple[int, int, Tensor]] = []

    def add(self, level: Gaussian, values: Tensor | None = None) -> None:
        """Add values (B, C, h, w) at the position of a tile of the level; by default its means, in float32."""
        self._parts.append((*level.origin, level.mean.float() if values is None else values))

    def whole(self) -> Tensor:
        """All values (B, C, H, W) over the grid of the picture; zero where no tile was added."""
        first = self._parts[0][2]
        height = max(row + part.shape[2] for row, _, part in self._parts)
        width = max(column + part.shape[3] for _, column, part in self._parts)
        grid = first.new_zeros(*first.shape[:2], height, width)
        for row, column, part in self._parts:
            grid[..., row : row + part.shape[2], column : column + part.shape[3]] = part
        return grid


def under(whole: Tensor, level: Gaussian) -> Tensor:
    """The part (B, C, h, w) of a whole grid (B, C, H, W) at a level's tile; beyond the border, its edge is repeated."""
    rows, columns = (
        torch.arange(start, start + size, device=whole.device).clamp(0, limit - 1)
        for start, size, limit in zip(level.origin, level.mean.shape[2:], whole.shape[2:], strict=True)
    )
    return whole[..., rows, :][..., columns]
