"""A canvas: a picture of the content's colors and the style's texture, quilted from patches that suit the content.

Patches are compared by what they look like from afar and by how active they are near by, after the content's looks were
carried to the distribution of the style's, so that all of the style is used.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaeedit.api import luma
from vaeedit_style.matching import Matcher
from vaeedit_style.quilt import quilted
from vaeedit_style.sliced import Line, quantiles_of
from vaeedit_style.transport import transport_gaussian

HOP = 16
"""Pixels between patches; a patch is twice as wide."""
STEP = 4
"""Pixels between places of the style that are compared; twice as many in a large one."""
LARGE = 640
"""Pixels along the longer side of what is a large style."""
SLOW = 7.0
"""Standard deviation in pixels of the blur that parts structure, which stays the content's, from texture."""
ACTIVITY = 1.0
"""Weight of activity in comparisons, in deviations of all else together."""
Image = NDArray[np.float32]


def canvas(content: Image, styles: Sequence[Image], shares: Sequence[float]) -> Image:
    """(H, W, 3) in [0, 1] of the content's size; textures of several styles are added by the roots of their shares."""
    height, width = content.shape[:2]
    texture = sum(
        share**0.5 * quilted(_tensor(style - _blurred(style)), _offsets(content, style), HOP, height, width)
        for style, share in zip(styles, shares, strict=True)
    )
    assert isinstance(texture, Tensor)
    painted: Image = np.clip(_blurred(content) + texture[0].permute(1, 2, 0).numpy(), 0, 1)
    return painted


def _offsets(content: Image, style: Image) -> Tensor:
    """In pixels, from each place of the lattice to what suits it in the style."""
    step = STEP if max(style.shape) <= LARGE else 2 * STEP
    (ours, own), (theirs, other) = _described(content, step), _described(style, step)
    grids = [torch.tensor(one.shape[:2]) for one in (ours, theirs)]
    flat = theirs.flatten(0, 1)
    looks = transport_gaussian(ours.flatten(0, 1), flat)
    spread = ACTIVITY * flat.var(0).sum().sqrt() / other.std(correction=0).clamp_min(1e-6)
    suited = Line(own.flatten(), quantiles_of(other.flatten()))(own.flatten())
    looks = torch.cat([looks, spread * suited[:, None]], 1)
    theirs = torch.cat([theirs, spread * other[..., None]], 2)
    cells = [-(-size // HOP) + 1 for size in content.shape[:2]]
    rows, columns = (torch.arange(count) * (HOP // step) for count in cells)
    places = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), -1).flatten(0, 1).minimum(grids[0] - 1)
    at = looks[places[:, 0] * grids[0][1] + places[:, 1]]
    return Matcher(at, places, (cells[0], cells[1]), theirs).offsets() * step


def _described(image: Image, step: int) -> tuple[Tensor, Tensor]:
    """Looks (h, w, D) of places `step` pixels apart, from afar, and their activity (h, w)."""
    height, width = (-(-size // step) for size in image.shape[:2])
    small: Image = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    reach = HOP // step // 2
    around = np.pad(small, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    spots = [
        around[dy : dy + height, dx : dx + width]
        for dy in (0, reach, 2 * reach)
        for dx in (0, reach, 2 * reach)
    ]
    fine = luma(image - _blurred(image))
    activity = np.sqrt(cv2.GaussianBlur(fine**2, (0, 0), HOP / 4))
    return torch.from_numpy(np.concatenate(spots, 2)), torch.from_numpy(cv2.resize(activity, (width, height)))


def _blurred(image: Image) -> Image:
    return cv2.GaussianBlur(image, (0, 0), SLOW).astype(np.float32, copy=False)


def _tensor(image: Image) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None]
