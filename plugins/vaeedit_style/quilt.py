"""Quilting: overlapping patches of one picture cover another; the blend keeps the variance."""

import math

import torch
from torch import Tensor


def quilted(source: Tensor, offsets: Tensor, hop: int, height: int, width: int) -> Tensor:
    """Patches of `source` (C, h, w) blended to (C, height, width); values keep their unit.

    Place (i, j) of the lattice is the center of a patch of side 2 `hop` at row `i hop` and column `j hop`. It is copied from
    `offsets[i, j]` pixels away, where the source begins after a margin of 2 `hop`. The mean of unrelated patches is
    blurred, so a blend is divided by its standard deviation (Heitz & Neyret 2018); patches of one offset join without it.
    """
    margin = 2 * hop
    rise = torch.sin(math.pi / 2 * (torch.arange(hop, device=source.device) + 0.5) / hop) ** 2
    ramp = (1 - rise, rise)
    rows, columns = offsets.shape[0] - 1, offsets.shape[1] - 1
    corners = (
        torch.stack(torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij"), -1) * hop
    ).to(offsets)
    steps = torch.arange(hop, device=source.device)
    around = [(a, b, offsets[a : rows + a, b : columns + b]) for a in (0, 1) for b in (0, 1)]
    weights = [ramp[a][:, None] * ramp[b] for a, b, _ in around]
    total, squares = torch.zeros((), device=source.device), torch.zeros((), device=source.device)
    for (_, _, offset), weight in zip(around, weights, strict=True):
        down, across = ((corners + offset + margin)[..., k, None] + steps for k in (0, 1))
        total = (
            total + source[:, down[..., :, None], across[..., None, :]] * weight
        )  # (C, rows, columns, hop, hop)
        for (_, _, other), other_weight in zip(around, weights, strict=True):
            squares = squares + (other == offset).all(-1)[..., None, None] * (weight * other_weight)
    cells = (total / torch.sqrt(squares)).permute(0, 1, 3, 2, 4)
    return cells.reshape(len(source), rows * hop, columns * hop)[..., :height, :width]
