"""A canvas: a picture with the content's structure and the style's detail, quilted from patches of the style.

Each patch is chosen by the colors around it at low resolution and by its local contrast. First both descriptions of the
content are transported to the style's distribution, so that all parts of the style are used.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import Tensor

from vaeedit_style.matching import Matcher
from vaeedit_style.quilt import quilted
from vaeedit_style.sliced import Line, quantiles_of
from vaeedit_style.structure import Image, activity, structure
from vaeedit_style.texture import laid_over
from vaeedit_style.transport import transport_gaussian

FINE = 64
"""Detail is what is smaller than the longer side of a style picture divided by this."""
PLACES = 2
"""Compared places of a style in the distance of two patches."""
ACTIVITY = 2.0
"""Weight of the local activity in comparisons, in standard deviations of the colors together."""


def canvas(content: Image, styles: Sequence[Image], shares: Sequence[float]) -> Image:
    """The canvas (H, W, 3) in [0, 1], as large as the content; all pictures are (h, w, 3) in [0, 1].

    Details of several styles are added, each times the root of its share; shares sum to 1.
    """
    width = max(max(style.shape) for style in styles) / FINE
    smooth, *others = (structure(image, width) for image in (content, *styles))
    own, details = content - smooth, [style - other for style, other in zip(styles, others, strict=True)]
    field = np.zeros_like(content)
    for style, detail, share in zip(styles, details, shares, strict=True):
        field += share**0.5 * _quilted(content, own, style, detail, width)
    painted: Image = np.clip(smooth + laid_over(own, field, details, shares, width), 0, 1)
    return painted


def _quilted(content: Image, own: Image, style: Image, detail: Image, width: float) -> Image:
    """The style's detail in patches, each twice as wide as their distance, over the whole content (H, W, 3)."""
    hop = PLACES * max(4, round(3 * width / PLACES))
    around = 2 * hop
    source = np.pad(detail, ((around, around), (around, around), (0, 0)), mode="reflect")
    offsets = _offsets(
        (content, activity(own, width, quiet=True)), (style, activity(detail, width, quiet=True)), hop
    )
    patches = quilted(torch.from_numpy(source).permute(2, 0, 1), offsets, hop, *content.shape[:2])
    field: Image = patches.permute(1, 2, 0).numpy()
    return field


def _offsets(content: tuple[Image, Image], style: tuple[Image, Image], hop: int) -> Tensor:
    """Offset in pixels (rows, columns, 2) from each place of the lattice to the matching place of the style.

    Both are an image (h, w, 3) and its activity (h, w, 1).
    """
    step = hop // PLACES
    (ours, own), (theirs, other) = _described(*content, step), _described(*style, step)
    grids = [torch.tensor(looks.shape[:2]) for looks in (ours, theirs)]
    flat = theirs.flatten(0, 1)
    looks = transport_gaussian(ours.flatten(0, 1), ours.flatten(0, 1), flat)
    spread = ACTIVITY * flat.var(0).sum().sqrt() / other.std(correction=0).clamp_min(1e-6)
    suited = Line(own.flatten(), quantiles_of(other.flatten()))(own.flatten())
    looks = torch.cat([looks, spread * suited[:, None]], 1)
    theirs = torch.cat([theirs, spread * other[..., None]], 2)
    cells = [-(-size // hop) + 1 for size in content[0].shape[:2]]
    rows, columns = (torch.arange(count) * PLACES for count in cells)
    places = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), -1).flatten(0, 1).minimum(grids[0] - 1)
    at = looks[places[:, 0] * grids[0][1] + places[:, 1]]
    return Matcher(at, places, (cells[0], cells[1]), theirs).offsets() * step


def _described(image: Image, active: Image, step: int) -> tuple[Tensor, Tensor]:
    """Colors around places `step` pixels apart, at low resolution, (h, w, D), and the activity there, (h, w)."""
    height, width = (-(-size // step) for size in image.shape[:2])
    small, quiet = (
        np.asarray(cv2.resize(x, (width, height), interpolation=cv2.INTER_AREA), np.float32)
        for x in (image, active)
    )
    reach = PLACES // 2
    around = np.pad(small, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    spots = [
        around[dy : dy + height, dx : dx + width]
        for dy in (0, reach, 2 * reach)
        for dx in (0, reach, 2 * reach)
    ]
    return torch.from_numpy(np.concatenate(spots, 2)), torch.from_numpy(quiet)
