"""Colors: optimal transport between palettes in CIE Lab, as a look-up table that is smooth and quick for any size."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample

from vaeedit_style.sliced import transported

Image = NDArray[np.float32]
NODES = 33
"""Of the table, along each of red, green and blue."""
ROUNDS = 5
"""Rotations of a transport."""
SAMPLE = 30_000
"""Pixels of a picture that stand for its palette."""


def recolored(image: Image, styles: Sequence[Image], shares: Sequence[float], strength: float) -> Image:
    """An image (H, W, 3) in [0, 1] with the colors of `styles`; `strength` goes along the straight paths of transport.

    In CIE Lab lightness takes an affine map, which keeps the proportions of all contrasts, and chroma a transport in its
    plane.
    """
    source, *targets = (_lab(_sample(one)) for one in (image, *styles))
    table = _lab(_table())
    light = _affine(table[:, :1], source[:, :1], [target[:, :1] for target in targets], shares)
    chroma = transported(table[:, 1:], source[:, 1:], [target[:, 1:] for target in targets], shares, ROUNDS)
    moved = _rgb(torch.lerp(table, torch.cat([light, chroma], 1), strength))
    return _changed(image, moved - _rgb(table))


def match_palette(image: Image, styles: Sequence[Image], shares: Sequence[float], strength: float) -> Image:
    """The same, but red, green and blue are transported together: the palette is met, and contrasts move."""
    source, *targets = (_sample(one) for one in (image, *styles))
    return _changed(image, strength * (transported(_table(), source, targets, shares, ROUNDS) - _table()))


def _affine(points: Tensor, source: Tensor, targets: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    """Points moved to the mean and the deviation of the targets, each weighted by its share (Reinhard et al. 2001)."""
    pairs = list(zip(targets, shares, strict=True))
    mean, deviation = (
        sum(share * part(target) for target, share in pairs) for part in (torch.mean, _deviation)
    )
    return (points - source.mean()) * (deviation / _deviation(source).clamp_min(1e-6)) + mean


def _deviation(values: Tensor) -> Tensor:
    return values.std(correction=0)


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
    """An image and what is to be added at each node, interpolated trilinearly."""
    volume = change.reshape(1, NODES, NODES, NODES, 3).permute(0, 4, 1, 2, 3)
    places = (
        torch.from_numpy(np.ascontiguousarray(image[..., ::-1]))[None, None] * 2 - 1
    )  # x is the last axis: blue
    found = grid_sample(volume, places, align_corners=True, padding_mode="border")
    changed: Image = np.clip(image + found[0, :, 0].permute(1, 2, 0).numpy(), 0, 1)
    return changed
