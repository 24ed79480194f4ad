"""Texture of one picture laid over the structure of another, on the levels of latents.

Patches of the style are quilted to a field: each is chosen to suit the content under it, and where they overlap they are
blended so that variance is kept (Heitz & Neyret 2018), for a plain mean of textures is a blur. The field then fills
what the content lacks: at each level local activity is transported to the distribution of the style's.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad, unfold

from vaeedit_style.grids import local_mean
from vaeedit_style.matching import Matcher
from vaeedit_style.quilt import quilted
from vaeedit_style.sliced import Line, mixed_quantiles, quantiles_of
from vaeedit_style.transport import carried

HOP = 2
"""Between patches, in places of the coarsest level; a patch is twice as wide."""
REACH = 5
"""Side of the neighbourhood of texture, in places of the coarsest level."""
COMPONENTS = 48
"""Principal components by which patches are compared."""
ACTIVITY = 2.0
"""Weight of activity in that comparison, in deviations of the components taken together."""
SHARE = 0.3
"""Of the content's own texture that the style's replaces where the content has enough."""
LARGEST = 2.0
"""Factor by which a patch's texture may be amplified: flat patches hold little but rounding errors."""

Levels = Sequence[Tensor]


def texture(level: Tensor, rank: int) -> Tensor:
    """A level without its slow changes; finer levels hold none."""
    return level - local_mean(level, REACH) if rank == 0 else level


def activity(values: Tensor, rank: int) -> Tensor:
    """Root of the local mean square, (1, 1, h, w)."""
    side = (REACH << rank) | 1
    return local_mean((values**2).mean(1, keepdim=True), side).clamp_min(0).sqrt()


def laid_over(content: Levels, styles: Sequence[Levels], shares: Sequence[float]) -> list[Tensor]:
    """What to add to the content's levels, that they have the styles' texture; shares sum to 1."""
    laid = [fields(content, style) for style in styles]
    changes = []
    for rank, level in enumerate(content):
        have = activity(texture(level, rank), rank)
        theirs = [activity(texture(style[rank], rank), rank).flatten() for style in styles]
        target = Line(have.flatten(), mixed_quantiles(theirs, shares))(have).clamp_min(0)
        field = torch.stack([share**0.5 * each[rank] for each, share in zip(laid, shares, strict=True)]).sum(0)
        changes.append(filled(level, target, field, rank) - level)
    return changes


def fields(content: Levels, style: Levels) -> list[Tensor]:
    """For each level, texture of the style quilted on the content's grid."""
    offsets = _offsets(content[0], style[0])
    return [
        quilted(texture(level, rank), offsets << rank, HOP << rank, *content[rank].shape[2:]) for rank, level in enumerate(style)
    ]


def filled(level: Tensor, target: Tensor, field: Tensor, rank: int) -> Tensor:
    """A level whose texture has the activity `target`: its own where that suffices, the field's where it lacks."""
    own = texture(level, rank)
    have = activity(own, rank)
    keep = math.sqrt(1 - SHARE) * (target / have.clamp_min(1e-6)).clamp_max(1)
    lacking = (target**2 - (keep * have) ** 2).clamp_min(0).sqrt()
    added = (lacking / activity(field, rank).clamp_min(1e-6)).clamp_max(LARGEST)
    mixed = keep * own + added * field
    return level - own + mixed * (target / activity(mixed, rank).clamp_min(1e-6)).clamp_max(1)


def _offsets(content: Tensor, style: Tensor) -> Tensor:
    """From each place of the lattice to what suits it in the style: look of the neighbourhood, and activity."""
    own, other = activity(texture(content, 0), 0), activity(texture(style, 0), 0)
    theirs, basis, centre = _described(style)
    ours = carried((_neighbourhoods(content) - centre) @ basis, theirs)
    spread = ACTIVITY * theirs.var(0).sum().sqrt() / other.std(correction=0).clamp_min(1e-6)
    suited = Line(own.flatten(), quantiles_of(other.flatten()))(own)
    ours = torch.cat([ours, spread * suited.flatten()[:, None]], 1)
    theirs = torch.cat([theirs, spread * other.flatten()[:, None]], 1)
    height, width = content.shape[2:]
    rows, columns = (torch.arange(0, size + HOP, HOP).clamp_max(size - 1).to(content.device) for size in (height, width))
    places = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), -1).flatten(0, 1)
    looks = ours[places[:, 0] * width + places[:, 1]]
    return Matcher(looks, places, (len(rows), len(columns)), theirs.reshape(*style.shape[2:], -1)).offsets()


def _neighbourhoods(level: Tensor) -> Tensor:
    """(1, C, h, w) -> (h w, 9 C)."""
    return unfold(pad(level, (1,) * 4, mode="replicate"), 3)[0].T


def _described(style: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The style's neighbourhoods by principal components, these, and their centre."""
    values = _neighbourhoods(style)
    centre = values.mean(0)
    covariance = (values - centre).T @ (values - centre)
    basis = torch.linalg.eigh(covariance)[1][:, -COMPONENTS:]
    return (values - centre) @ basis, basis, centre
