"""A canvas: a picture with the content's colors and the style's texture, quilted from patches of the style.

Each patch is chosen by the colors around it at low resolution and by its local contrast. First both descriptions of the
content are transported to the style's distribution, so that all parts of the style are used.
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
"""Distance of patches in pixels; a patch is twice as wide."""
STEP = 4
"""Distance in pixels of the compared places of a style; it is doubled in a large style picture."""
LARGE = 640
"""A style picture is large if its longer side has more pixels than this."""
SLOW = 7.0
"""Standard deviation in pixels of the blur that separates structure, which the content keeps, from texture."""
ACTIVITY = 1.0
"""Weight of the local contrast in comparisons, in standard deviations of the colors together."""
Image = NDArray[np.float32]


def canvas(content: Image, styles: Sequence[Image], shares: Sequence[float]) -> Image:
    """The canvas (H, W, 3) in [0, 1], as large as the content; all pictures are (h, w, 3) in [0, 1].

    Textures of several styles are added, each times the root of its share; shares sum to 1.
    """
    height, width = content.shape[:2]
    texture = sum(
        share**0.5 * quilted(_tensor(style - _blurred(style)), _offsets(content, style), HOP, height, width)
        for style, share in zip(styles, shares, strict=True)
    )
    assert isinstance(texture, Tensor)
    painted: Image = np.clip(_blurred(content) + texture[0].permute(1, 2, 0).numpy(), 0, 1)
    return painted


def _offsets(content: Image, style: Image) -> Tensor:
    """Offset in pixels (rows, columns, 2) from each place of the lattice to the matching place of the style."""
    step = STEP if max(style.shape) <= LARGE else 2 * STEP
    (ours, own), (theirs, other) = _described(content, step), _described(style, step)
    grids = [torch.tensor(looks.shape[:2]) for looks in (ours, theirs)]
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
    """Colors around places `step` pixels apart, at low resolution, (h, w, D), and the local contrast there, (h, w)."""
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
