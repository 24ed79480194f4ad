"""Learning of texture and judge from normal pictures, and of their layout from held-out ones."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vaeedit.api import Frame
from vaeedit_anomaly.explained import Explained, explained
from vaeedit_anomaly.jets import jets
from vaeedit_anomaly.judge import Judge
from vaeedit_anomaly.judging import COPIES, STEPS, WIDTH, Done, cross_fitted, damaged, learn
from vaeedit_anomaly.layouts import Layout
from vaeedit_anomaly.places import Map
from vaeedit_anomaly.sizes import Preparation, prepared
from vaeedit_anomaly.survey import readable
from vaeedit_anomaly.texture import Texture

COPYING = 0.4
"""Share of the time for damaged copies; the remainder is for the judge's steps."""
LEAST = 50
"""A judge that was trained for fewer steps is not used."""
LOOKED = 40
"""Largest number of held-out pictures from which the layout is found."""


def pictures(paths: Iterable[Path], how: Preparation) -> list[Tensor]:
    """The readable images as (1, C, H, W) in [0, 1], at their working size."""
    return [picture_of(frame, how) for frame in readable(paths, {})]


def picture_of(frame: Frame, how: Preparation) -> Tensor:
    """The frame as (1, C, H, W) in [0, 1], at its working size."""
    return torch.from_numpy(prepared(frame, how).floats().copy()).movedim(-1, 0)[None]


def descriptions_of(normals: Sequence[Tensor]) -> Map:
    """The `jets` of pictures (1, C, H, W), float16 (N, GRID, GRID, channels)."""
    return np.stack([jets(picture).astype(np.float16) for picture in normals])


def found_layout(learned: Sequence[Tensor], held_out: Sequence[Tensor], seed: int = 0) -> Explained:
    """What shows the layout of pictures (1, C, H, W) in [0, 1], by held-out ones; at least two of each."""
    copies = damaged(held_out, 1, seed, lambda number: 0.0)
    channels = learned[0].shape[1]
    return explained(
        descriptions_of(learned),
        descriptions_of(held_out),
        copies,
        lambda layout: Texture(channels, layout=layout),
    )


def learned_texture(
    normals: Sequence[Tensor], layout: Layout, seed: int = 0, seconds: float = math.inf, steps: int = STEPS
) -> Texture:
    """A texture with a judge, from pictures (1, C, H, W) in [0, 1], at least two.

    The judge learns in at most `steps` steps, and ends them after about so many `seconds` for everything; if these are over
    before `LEAST` steps, there is no judge.
    """
    torch.manual_seed(seed)
    end = time.monotonic() + seconds
    descriptions, channels = descriptions_of(normals), normals[0].shape[1]
    texture = Texture(channels, layout=layout)
    texture.fill(descriptions)
    copies = damaged(normals, COPIES, seed, until(COPIES * len(normals), COPYING * seconds))
    examples = cross_fitted(descriptions, copies, lambda: Texture(channels, layout=layout))
    judge = Judge(descriptions.shape[-1], WIDTH)
    taken = learn(judge, *examples, copies.labels, seed, until(steps, end - time.monotonic()))
    if taken >= min(LEAST, steps):
        texture.judge = judge
    return texture.eval()


def until(most: int, seconds: float = math.inf, clock: Callable[[], float] = time.monotonic) -> Done:
    """The share that is done of `most` copies or steps, or of the time from now on if that is shorter."""
    start = clock()
    return lambda number: max(number / most, (clock() - start) / seconds if seconds > 0 else 1.0)
