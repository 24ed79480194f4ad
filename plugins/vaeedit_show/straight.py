"""Interpolations: the way from one image to another through the latents."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from vaeedit.api import ImageError, Latents, LoadedVae, Result
from vaeedit_show.codes import decode, encode, given, number_of, opened
from vaeedit_show.defaults import BETWEEN, FINER, RATE
from vaeedit_show.films import film_of, finer, there_and_back
from vaeedit_show.seen import Data, picture
from vaeedit_show.sheet import Block, factor_for, sheet

SIDE, LARGE = 56, 224
"""About the side of an image in the picture and in the film, in pixels."""


def interpolate(
    vae: LoadedVae | str,
    first: str | Path | int,
    second: str | Path | int,
    data: Data | None = None,
    *,
    way: Literal["linear", "slerp"] = "linear",
    label: str | int | None = None,
    split: str = "test",
    steps: int = BETWEEN,
    rate: float = RATE,
    scale: int | None = None,
) -> Result:
    """Decoded points on the way between the posterior means of two images; the ends are their reconstructions.

    An image is a file, or the number of one in a split of the data. `slerp` goes along the great circle, at every level, and
    so keeps the length of a vector of latents (White 2016). Raises UsageError or ImageError, also for two sizes.
    """
    loaded = opened(vae)
    ends = [picture(loaded, image, data, split) for image in (first, second)]
    a, b = ends
    if a.pixels.shape != b.pixels.shape:
        (h, w, _), (height, width, _) = a.pixels.shape, b.pixels.shape
        raise ImageError(
            f"{a.name} has {w}x{h} pixels and {b.name} {width}x{height}; both must have one size."
        )
    network = given(loaded, number_of(loaded, label))
    start, end = (encode(network, one.x.to(loaded.device)) for one in ends)
    between = slerp if way == "slerp" else Latents.lerp
    size = a.pixels.shape[:2]
    weights = [float(t) for t in np.linspace(0, 1, finer(steps))]
    made = [decode(network, between(start, end, t), size) for t in weights]
    few = slice(None, None, FINER)
    captions = [f"{t:.2f}".rstrip("0").rstrip(".") for t in weights[few]]
    title = "straight line" if way == "linear" else "great circle"
    blocks = [
        Block([a.pixels], 1, "image"),
        Block(made[few], steps, title, captions),
        Block([b.pixels], 1, "image"),
    ]
    still = sheet(blocks, scale=scale or factor_for(made[0], SIDE))
    large = scale or factor_for(made[0], LARGE)
    frames = [sheet([Block([made[n]], 1)], scale=large) for n in there_and_back(len(made))]
    return Result(still, film=film_of(frames, rate))


def slerp(first: Latents, second: Latents, weight: float) -> Latents:
    """The point of each level on the great circle between the means (Shoemake 1985); straight where they are parallel."""
    straight = first.lerp(second, weight)
    levels = [
        level.at(_arc(a.mean, b.mean, weight, level.mean))
        for a, b, level in zip(first.levels, second.levels, straight.levels, strict=True)
    ]
    return replace(straight, levels=tuple(levels))


def _arc(a: Tensor, b: Tensor, weight: float, otherwise: Tensor) -> Tensor:
    cosine = (a * b).sum() / (a.norm() * b.norm()).clamp_min(1e-12)
    angle = torch.arccos(cosine.clamp(-1, 1))
    if angle.sin() < 1e-3:
        return otherwise
    return (torch.sin((1 - weight) * angle) * a + torch.sin(weight * angle) * b) / angle.sin()
