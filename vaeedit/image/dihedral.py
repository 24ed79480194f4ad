"""The eight rotated and mirrored views of an image, and the mean of eight results (geometric self-ensemble).

Timofte et al. 2016, "Seven ways to improve example-based single image super resolution".
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaeedit.image.frame import Frame, from_floats

VIEWS = tuple((turns, mirrored) for mirrored in (False, True) for turns in range(4))
"""Number of quarter turns, and whether columns are flipped before them; the first view is the image itself."""


def views(frame: Frame) -> list[Frame]:
    """The eight turned and mirrored versions of a frame, for `merged`.

    Their pixels are float32, (H, W, C) or (W, H, C), in [0, 1], so that their mean is rounded only once.

    The first one has the alpha of the frame, the others have none.
    """
    full = replace(frame, pixels=frame.floats())
    turned = [_changed(replace(full, alpha=None), _turned, *view) for view in VIEWS]
    return [full, *turned[1:]]


def merged(frames: Sequence[Frame], like: Frame) -> Frame:
    """The mean of eight results of `views`, each turned back: pixels (H, W, C) in the depth of `like`.

    Its `std` is the mean of theirs, if any. Raises ValueError for another number of frames.
    """
    turned = [_changed(frame, _turned_back, *view) for frame, view in zip(frames, VIEWS, strict=True)]
    pixels = np.stack([frame.pixels for frame in turned]).mean(0)
    stds = [frame.std for frame in turned if frame.std is not None]
    std = np.stack(stds).mean(0) if stds else None
    return replace(turned[0], pixels=from_floats(pixels, like.pixels.dtype), std=std)


def _changed(frame: Frame, turn: Callable[..., NDArray[Any]], *view: int) -> Frame:
    """The frame with its pixels, standard deviations and maps of conditions turned."""
    conditions = {
        name: turn(value, *view) if isinstance(value, np.ndarray) else value
        for name, value in frame.conditions.items()
    }
    std = None if frame.std is None else turn(frame.std, *view)
    return replace(frame, pixels=turn(frame.pixels, *view), std=std, conditions=conditions)


def _turned(values: NDArray[Any], turns: int, mirrored: bool) -> NDArray[Any]:
    return np.rot90(values[:, ::-1] if mirrored else values, turns)


def _turned_back(values: NDArray[Any], turns: int, mirrored: bool) -> NDArray[Any]:
    upright = np.rot90(values, -turns)
    return upright[:, ::-1] if mirrored else upright
