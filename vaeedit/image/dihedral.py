"""The eight turned and mirrored views of an image, and the mean of what was made of them (geometric self-ensemble).

Timofte et al. 2016, "Seven ways to improve example-based single image super resolution".
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaeedit.image.frame import Condition, Frame, from_floats

VIEWS = tuple((turns, mirrored) for mirrored in (False, True) for turns in range(4))
"""Quarter turns, and whether columns are flipped before them; the first is the image itself."""


def views(frame: Frame) -> list[Frame]:
    """The eight views, in float32, so that their mean is rounded once; alpha stays with the first."""
    full = replace(frame, pixels=frame.floats())
    bare = replace(full, alpha=None)
    return [_changed(full if number == 0 else bare, _turner(*view)) for number, view in enumerate(VIEWS)]


def merged(frames: Sequence[Frame], like: Frame) -> Frame:
    """The mean of eight results, each turned back, in the depth of `like`; the mean of their deviations, if any."""
    turned = [_changed(frame, _turner_back(*view)) for frame, view in zip(frames, VIEWS, strict=True)]
    pixels = np.stack([frame.pixels for frame in turned]).mean(0)
    deviations = [frame.std for frame in turned if frame.std is not None]
    deviation = np.stack(deviations).mean(0) if deviations else None
    return replace(turned[0], pixels=from_floats(pixels, like.pixels.dtype), std=deviation)


def _changed(frame: Frame, turn: Callable[[NDArray[Any]], NDArray[Any]]) -> Frame:
    """The frame with its pixels, deviations and maps of conditions turned."""

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
