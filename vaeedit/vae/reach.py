"""How far a network looks: part of a picture is NaN, and so is afterwards whatever depends on it."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from vaeedit.vae.protocol import VAE, WHOLE, SeesWhole, sample_conditions

HEIGHT = 16
"""Pixels across the strips that are traced, at least."""
RADII = (128, 256, 512, 1024, 2048, 4096)
"""Pixels on both sides of a strip's middle: the first of these that is more than the network sees is enough."""


def receptive_radius(network: VAE) -> int:
    """Radius in pixels of the input that a value of the latents, their context or the decoded image depends on.

    Never too small, too large by less than `multiple`, and the same for all weights; `WHOLE` of a network that `SeesWhole`.
    Only what passes through nothing but comparisons or rounding is not seen. It costs about as much as editing a picture of
    128 x 128 pixels. Made to be a member: `receptive_field = cached_property(receptive_radius)`.
    """
    if isinstance(network, SeesWhole):
        return WHOLE
    assert isinstance(network, torch.nn.Module)
    copy: Any = deepcopy(network).to("cpu").eval()  # other devices may spread NaN beyond a kernel
    for least in RADII:
        radius = _up(least, copy.multiple)
        found = max(_along(axis, copy, radius) for axis in (2, 3))
        if found < radius:
            return found
    return WHOLE


@torch.no_grad()
def _along(axis: int, network: VAE, radius: int) -> int:
    """How far NaN spreads along the strip's long axis."""
    width = network.multiple
    middle = slice(radius, radius + width)
    x = torch.full((1, network.channels, _up(HEIGHT, width), 2 * radius + width), 0.5)
    x[..., middle] = torch.nan
    x = x.transpose(axis, 3)
    farthest = 0
    for grid in _grids(network, x):
        reached = grid.isnan().movedim(axis, 0).flatten(1).any(1).nonzero()
        if len(reached):
            first, last = (
                int(place) * x.shape[axis] // grid.shape[axis] for place in (reached[0], reached[-1])
            )
            farthest = max(farthest, last - middle.start, middle.stop - 1 - first)
    return farthest


def _grids(network: VAE, x: Tensor) -> Iterator[Tensor]:
    """All tensors (B, C, h, w) that come of a picture."""
    latents = network.encode(x, sample_conditions(network, x))
    decoded = network.decode(latents.sample(0), std=True)
    levels = [part for level in latents.levels for part in (level.mean, level.log_scale)]
    for found in (decoded.mean, decoded.std, *levels, *tree_leaves(dict(latents.context))):
        if isinstance(found, Tensor) and found.ndim == 4:
            yield found


def _up(size: int, multiple: int) -> int:
    return -(-size // multiple) * multiple
