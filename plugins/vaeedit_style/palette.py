"""Colours: optimal transport between palettes in CIE Lab, as a look-up table that is smooth and quick for any size."""

from collections.abc import Sequence
from functools import partial

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
SAMPLE = 30_000
"""Pixels of a picture that stand for its palette."""


def recoloured(image: Image, styles: Sequence[Image], shares: Sequence[float], strength: float, *, joint: bool = False) -> Image:
    """An image (H, W, 3) in [0, 1] with the colours of `styles`; `strength` goes along the straight paths of transport.

    Lightness takes an increasing map and chroma a transport in its plane, so that no edge turns over; with `joint`
    the three together are then transported, so that the palette is met but edges may be.
    """
    nodes = torch.linspace(0, 1, NODES)
    table = torch.stack(torch.meshgrid(nodes, nodes, nodes, indexing="ij"), -1).reshape(-1, 3)
    start = _lab(table)
    source, *targets = (_lab(_sample(one)) for one in (image, *styles))
    move = partial(_moved, source=source, targets=targets, shares=shares, joint=joint)
    goal = _rgb(torch.lerp(start, move(start), strength)) - _rgb(start)
    return np.clip(image + _looked_up(image, goal), 0, 1)


def _moved(points: Tensor, source: Tensor, targets: Sequence[Tensor], shares: Sequence[float], joint: bool) -> Tensor:
    both = torch.cat([points, source])
    for rounds, axes in ((1, slice(0, 1)), (4, slice(1, 3))):
        goals = [target[:, axes] for target in targets]
        both[:, axes] = transported(both[:, axes], source[:, axes], goals, shares, rounds)
    if joint:
        both = transported(both, both[len(points) :], targets, shares, 6)
    return both[: len(points)]


def _sample(image: Image) -> Tensor:
    """About `SAMPLE` pixels of the image, at even steps, (N, 3)."""
    pixels = image.reshape(-1, 3)
    return torch.from_numpy(pixels[:: -(-len(pixels) // SAMPLE)].copy())


def _lab(colours: Tensor) -> Tensor:
    return torch.from_numpy(cv2.cvtColor(colours.numpy()[None], cv2.COLOR_RGB2LAB)[0])


def _rgb(colours: Tensor) -> Tensor:
    return torch.from_numpy(cv2.cvtColor(colours.numpy()[None], cv2.COLOR_LAB2RGB)[0])


def _looked_up(image: Image, table: Tensor) -> Image:
    """Trilinear interpolation of a table (NODES^3, 3) at the colours of an image."""
    volume = table.reshape(1, NODES, NODES, NODES, 3).permute(0, 4, 1, 2, 3)
    places = torch.from_numpy(np.ascontiguousarray(image[..., ::-1]))[None, None] * 2 - 1  # x is the last axis: blue
    found = grid_sample(volume, places, align_corners=True, padding_mode="border")
    return found[0, :, 0].permute(1, 2, 0).numpy()
