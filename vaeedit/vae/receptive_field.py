"""The receptive field of a network, measured with NaN: every output that depends on a NaN of the input is NaN."""

from copy import deepcopy
from typing import Any

import torch

from vaeedit.tiling import round_up
from vaeedit.vae.protocol import VAE, WHOLE, SeesWhole, sample_conditions

HEIGHT = 16
"""Least height in pixels of the strips that are used as input."""
RADII = (128, 256, 512, 1024, 2048, 4096)
"""Pixels on both sides of a strip's middle; they are tried until one is larger than the receptive field."""


def receptive_radius(network: VAE) -> int:
    """Radius in pixels of the input that a value of the latents, their context or the decoded image depends on.

    It is never too small, too large by less than `multiple`, and the same for all weights; `WHOLE` for a network that
    `SeesWhole`. A dependency only through comparisons or rounding is not detected. The cost is about that of editing a
    picture of 128 x 128 pixels. Use it as a member: `receptive_field = cached_property(receptive_radius)`.
    """
    if isinstance(network, SeesWhole):
        return WHOLE
    assert isinstance(network, torch.nn.Module)
    copy: Any = deepcopy(network).to("cpu").eval()  # other devices may spread NaN beyond a kernel
    for least in RADII:
        radius = round_up(least, copy.multiple)
        reached = max(_along(axis, copy, radius) for axis in (2, 3))
        if reached < radius:
            return reached
    return WHOLE


@torch.no_grad()
def _along(axis: int, network: VAE, radius: int) -> int:
    """How many pixels NaN spreads along the strip's long axis."""
    width = network.multiple
    middle = slice(radius, radius + width)
    x = torch.full((1, network.channels, round_up(HEIGHT, width), 2 * radius + width), 0.5)
    x[..., middle] = torch.nan
    x = x.transpose(axis, 3)
    farthest = 0
    latents = network.encode(x, sample_conditions(network, x))
    decoded = network.decode(latents.sample(0), std=True)
    for grid in (decoded.mean, decoded.std, *latents.tensors()):
        if grid is None or grid.ndim != 4:
            continue
        reached = grid.isnan().movedim(axis, 0).flatten(1).any(1).nonzero()
        if len(reached):
            first, last = (
                int(place) * x.shape[axis] // grid.shape[axis] for place in (reached[0], reached[-1])
            )
            farthest = max(farthest, last - middle.start, middle.stop - 1 - first)
    return farthest
