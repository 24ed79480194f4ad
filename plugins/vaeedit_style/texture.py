"""Texture of a canvas laid over a content, on the levels of their latents.

At each level local activity (the root of its local mean square) is transported to the distribution of the styles', which
keeps its ranks. What a place of the content lacks of that is taken from the canvas; nothing of the content is taken away.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from vaeedit_style.grids import local_mean
from vaeedit_style.sliced import Line, mixed_quantiles

REACH = 5
"""Side of a neighborhood, in places of the coarsest level."""
LEAST = 0.5
"""Of the activity, what the canvas adds even where the content has enough."""
LARGEST = 2.0
"""Factor by which the canvas may be amplified: where it is flat it holds little but rounding errors."""
TINY = 1e-6

Levels = Sequence[Tensor]


def laid_over(
    content: Levels, canvas: Levels, styles: Sequence[Levels], shares: Sequence[float]
) -> list[Tensor]:
    """What to add to each level (1, C, h, w) of the content; shares of the styles sum to 1."""
    changes = []
    for rank, (level, painted) in enumerate(zip(content, canvas, strict=True)):
        own, field = texture(level, rank), texture(painted, rank)
        have = activity(own, rank)
        theirs = [activity(texture(style[rank], rank), rank).flatten() for style in styles]
        wanted = Line(have.flatten(), mixed_quantiles(theirs, shares))(have)
        changes.append(filled(own, field, torch.maximum(wanted, have), rank) - own)
    return changes


def filled(own: Tensor, field: Tensor, target: Tensor, rank: int) -> Tensor:
    """Texture of the activity `target`, where that is at least its own; a field that is the same changes nothing."""
    have = activity(own, rank)
    lacking = (target**2 - have**2).clamp_min(0).sqrt().maximum(LEAST * target)
    mixed = own + (lacking / activity(field, rank).clamp_min(TINY)).clamp_max(LARGEST) * field
    return mixed * (target / activity(mixed, rank).clamp_min(TINY)).clamp_max(1)


def texture(level: Tensor, rank: int) -> Tensor:
    """A level without its slow changes; finer ones than the first hold none."""
    return level - local_mean(level, REACH) if rank == 0 else level


def activity(values: Tensor, rank: int) -> Tensor:
    """Root of the local mean square, (1, 1, h, w)."""
    side = (REACH << rank) | 1
    return local_mean((values**2).mean(1, keepdim=True), side).clamp_min(0).sqrt()
