"""Colors: optimal transport between palettes, applied by a look-up table, which is smooth and fast for any picture size."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample

from vaeedit_style.sliced import transported
from vaeedit_style.transport import transport_gaussian

Image = NDArray[np.float32]
NODES = 33
"""Nodes of the table along each of red, green and blue."""
ROUNDS = 5
"""Rotations of a transport."""
GRAY = 0.5
"""Chroma in CIE Lab below which a pixel is gray."""
TONES, TONE = 33, 6.0
"""Lightness values of a gray picture's tones, and the deviation in lightness of the pixels that give each its chroma."""
SHARED = 0.05
"""Share of a style's covariance that is added to both, so that colors are stretched at most 4.6 times."""
SAMPLE = 30_000
"""Pixels of a picture from which its palette is estimated."""


def recolored(image: Image, styles: Sequence[Image], shares: Sequence[float], strength: float) -> Image:
    """An image (H, W, 3) in [0, 1] with the colors of `styles`, whose shares sum to 1; same shape and range.

    In CIE Lab, lightness and the plane of chroma get linear maps (Pitie & Kokaram 2007), which keep the proportions of
    contrasts and split no even sky into spots; several styles meet in the mean of their maps. A gray image takes the
    chroma that the styles have at its lightness (Welsh, Ashikhmin & Mueller 2002).
    `strength` interpolates linearly from no change (0) to the full transport (1).
    """
    source, *targets = (_lab(_sample(picture)) for picture in (image, *styles))
    table = _lab(_table())
    gray = source[:, 1:].abs().max() < GRAY
    moved = torch.zeros_like(table)
    for target, share in zip(targets, shares, strict=True):
        light, chroma = (
            transport_gaussian(table[:, part], source[:, part], target[:, part], SHARED)
            for part in (slice(0, 1), slice(1, 3))
        )
        moved += share * torch.cat([light, _tone(light, target) if gray else chroma], 1)
    return _changed(image, _rgb(torch.lerp(table, moved, strength)) - _rgb(table))


def match_palette(image: Image, styles: Sequence[Image], shares: Sequence[float], strength: float) -> Image:
    """Like `recolored` (H, W, 3), but red, green and blue are transported together: the palette matches, contrasts change."""
    source, *targets = (_sample(picture) for picture in (image, *styles))
    return _changed(image, strength * (transported(_table(), source, targets, shares, ROUNDS) - _table()))


def _tone(light: Tensor, target: Tensor) -> Tensor:
    """The mean chroma (N, 2) that a sample (M, 3) in CIE Lab has around each lightness (N, 1)."""
    levels = torch.linspace(0, 100, TONES)
    weights = torch.exp(-((target[:, :1] - levels) / TONE).square() / 2) + 1e-6
    means = (weights.T @ target[:, 1:]) / weights.sum(0)[:, None]
    place = light.clamp(0, 100) / 100 * (TONES - 1)
    below = place.long().clamp_max(TONES - 2)
    return torch.lerp(means[below[:, 0]], means[below[:, 0] + 1], place - below)


def _sample(image: Image) -> Tensor:
    """About `SAMPLE` pixels of the image, at even steps, (N, 3)."""
    pixels = image.reshape(-1, 3)
    return torch.from_numpy(pixels[:: -(-len(pixels) // SAMPLE)].copy())


def _lab(colors: Tensor) -> Tensor:
    return torch.from_numpy(cv2.cvtColor(colors.numpy()[None], cv2.COLOR_RGB2LAB)[0])


def _rgb(colors: Tensor) -> Tensor:
    return torch.from_numpy(cv2.cvtColor(colors.numpy()[None], cv2.COLOR_LAB2RGB)[0])


def _table() -> Tensor:
    """Colors at the nodes, (NODES^3, 3)."""
    nodes = torch.linspace(0, 1, NODES)
    return torch.stack(torch.meshgrid(nodes, nodes, nodes, indexing="ij"), -1).reshape(-1, 3)


def _changed(image: Image, change: Tensor) -> Image:
    """The image plus the change of its colors: `change` (NODES^3, 3) at the nodes, interpolated trilinearly."""
    volume = change.reshape(1, NODES, NODES, NODES, 3).permute(0, 4, 1, 2, 3)
    blue_first = np.ascontiguousarray(image[..., ::-1])  # grid_sample's x is the last axis of the volume
    places = torch.from_numpy(blue_first)[None, None] * 2 - 1
    sampled = grid_sample(volume, places, align_corners=True, padding_mode="border")
    changed: Image = np.clip(image + sampled[0, :, 0].permute(1, 2, 0).numpy(), 0, 1)
    return changed
