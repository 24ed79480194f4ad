"""Adds the texture of a canvas to a content picture, on the levels of their latents.

At each level the content's local activity (the root of the local mean square) is transported to the styles' distribution,
which keeps its ranks. Where the content has less activity than that, texture of the canvas is added; none is removed.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from vaeedit_style.grids import local_mean
from vaeedit_style.sliced import Line, mixed_quantiles

REACH = 5
"""Side of a neighborhood, in places of the coarsest level."""
LEAST = 0.5
"""Share of the activity that comes from the canvas even where the content has enough."""
LARGEST = 2.0
"""Largest factor on the canvas: where the canvas is flat it holds mostly rounding errors."""
TINY = 1e-6

Levels = Sequence[Tensor]


def laid_over(
    content: Levels, canvas: Levels, styles: Sequence[Levels], shares: Sequence[float]
) -> list[Tensor]:
    """The change of each level (1, C, h, w) of the content, coarse to fine; shares of the styles sum to 1.

    The canvas has levels of the same sizes, a style may have others. Latents have about unit variance.
    """
    changes = []
    for rank, (level, painted) in enumerate(zip(content, canvas, strict=True)):
        own, field = texture(level, rank), texture(painted, rank)
        have = activity(own, rank)
        theirs = [activity(texture(style[rank], rank), rank).flatten() for style in styles]
        wanted = Line(have.flatten(), mixed_quantiles(theirs, shares))(have)
        changes.append(filled(own, field, torch.maximum(wanted, have), rank) - own)
    return changes


def filled(own: Tensor, field: Tensor, target: Tensor, rank: int) -> Tensor:
    """Texture (1, C, h, w) with the activity `target` (1, 1, h, w), which is at least its own.

    `field` (1, C, h, w) is the texture that is added; one that equals `own` changes nothing.
    """
    have = activity(own, rank)
    lacking = (target**2 - have**2).clamp_min(0).sqrt().maximum(LEAST * target)
    mixed = own + (lacking / activity(field, rank).clamp_min(TINY)).clamp_max(LARGEST) * field
    return mixed * (target / activity(mixed, rank).clamp_min(TINY)).clamp_max(1)


def texture(level: Tensor, rank: int) -> Tensor:
    """A level (1, C, h, w) without its slow changes, same shape; only the coarsest level (rank 0) has them."""
    return level - local_mean(level, REACH) if rank == 0 else level


def activity(values: Tensor, rank: int) -> Tensor:
    """Root of the local mean square of (1, C, h, w), as (1, 1, h, w)."""
    side = (REACH << rank) | 1
    return local_mean((values**2).mean(1, keepdim=True), side).clamp_min(0).sqrt()
