"""Whole pictures on the grid of a level, put together from tiles, and the way back to a tile."""

import torch
from torch import Tensor

from vaeedit.vae.latents import Gaussian


class Grid:
    """Values (B, C, h, w) over the grid of one level, which grows with the tiles that `gather` of an operation sees."""

    def __init__(self) -> None:
        self._parts: list[tuple[int, int, Tensor]] = []

    def add(self, level: Gaussian, values: Tensor | None = None) -> None:
        """Values at the places of a level's tile; by default its means, in float32."""
        self._parts.append((*level.origin, level.mean.float() if values is None else values))

    def whole(self) -> Tensor:
        """Everything that was added, in its place."""
        first = self._parts[0][2]
        height = max(row + part.shape[2] for row, _, part in self._parts)
        width = max(column + part.shape[3] for _, column, part in self._parts)
        found = first.new_zeros(*first.shape[:2], height, width)
        for row, column, part in self._parts:
            found[..., row : row + part.shape[2], column : column + part.shape[3]] = part
        return found


def under(whole: Tensor, level: Gaussian) -> Tensor:
    """The part of (B, C, h, w) under a level's tile; beyond the border the first and last rows and columns go on."""
    rows, columns = (
        torch.arange(start, start + size, device=whole.device).clamp(0, limit - 1)
        for start, size, limit in zip(level.origin, level.mean.shape[2:], whole.shape[2:], strict=True)
    )
    return whole[..., rows, :][..., columns]
