"""The eight rotated and mirrored views of an image, and the mean of eight results (geometric self-ensemble).

Timofte et al. 2016, "Seven ways to improve example-based single image super resolution".
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaeedit.image.frame import Condition, Frame, from_floats

VIEWS = tuple((turns, mirrored) for mirrored in (False, True) for turns in range(4))
"""Number of quarter turns, and whether columns are flipped before them; the first view is the image itself."""


def views(frame: Frame) -> list[Frame]:
    """The eight views: float32 pixels (H, W, C) or (W, H, C) in [0, 1], so that their mean is rounded only once.

    The first one has the alpha of the frame, the others have none.
    """
    full = replace(frame, pixels=frame.floats())
    bare = replace(full, alpha=None)
    return [_changed(full if number == 0 else bare, _turner(*view)) for number, view in enumerate(VIEWS)]


def merged(frames: Sequence[Frame], like: Frame) -> Frame:
    """The mean of eight results of `views`, each turned back: pixels (H, W, C) in the depth of `like`.

    Its `std` is the mean of theirs, if any. Raises ValueError for another number of frames.
    """
    turned = [_changed(frame, _turner_back(*view)) for frame, view in zip(frames, VIEWS, strict=True)]
    pixels = np.stack([frame.pixels for frame in turned]).mean(0)
    deviations = [frame.std for frame in turned if frame.std is not None]
    deviation = np.stack(deviations).mean(0) if deviations else None
    return replace(turned[0], pixels=from_floats(pixels, like.pixels.dtype), std=deviation)


def _changed(frame: Frame, turn: Callable[[NDArray[Any]], NDArray[Any]]) -> Frame:
    """The frame with its pixels, standard deviations and maps of conditions turned."""

    def condition(value: Condition) -> Condition:
        return turn(value) if isinstance(value, np.ndarray) else value

    return replace(
        frame,
        pixels=turn(frame.pixels),
        std=None if frame.std is None else turn(frame.std),
        conditions={name: condition(value) for name, value in frame.conditions.items()},
    )


def _turner(turns: int, mirrored: bool) -> Callable[[NDArray[Any]], NDArray[Any]]:
    return lambda values: np.rot90(values[:, ::-1] if mirrored else values, turns)


def _turner_back(turns: int, mirrored: bool) -> Callable[[NDArray[Any]], NDArray[Any]]:
    def back(values: NDArray[Any]) -> NDArray[Any]:
        upright = np.rot90(values, -turns)
        return upright[:, ::-1] if mirrored else upright

    return back
