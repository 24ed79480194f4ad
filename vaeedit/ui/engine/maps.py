"""Maps as layers of the viewer, which gives gray ones their colors."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from vaeedit.ui.engine.rasters import Bytes, Region, png, window

NICE = (1.0, 2.0, 5.0, 10.0)
"""Ends of a scale, times a power of ten: the colors stay as they are while the values change little."""


def layers_of_maps(
    maps: Mapping[str, Bytes], notes: Mapping[str, Any], region: Region, width: int, height: int
) -> tuple[dict[str, bytes], dict[str, tuple[float, float]]]:
    """PNG files of a region of maps, and the values of black and white in those that are gray.

    The value of white of the map M is the note `white_M` of its step; without one, a map ranges from 0 to 1.
    """
    layers, ranges = {}, {}
    for name, values in maps.items():
        part = window(values, region, *_size(values, region, width, height))
        if values.shape[2] == 1:
            part, ranges[name] = _scaled(part, _white(name, notes))
        layers[name] = png(part)
    return layers, ranges


def _size(values: Bytes, region: Region, width: int, height: int) -> tuple[int, int]:
    """At most the pixels that the map has in the region."""
    rows, columns = values.shape[:2]
    return (
        max(1, min(width, round((region[2] - region[0]) * columns))),
        max(1, min(height, round((region[3] - region[1]) * rows))),
    )


def _white(name: str, notes: Mapping[str, Any]) -> float:
    label, _, own = name.rpartition(".")
    steps = [notes[label]] if label in notes else reversed(list(notes.values()))
    for step in steps:
        white = step.get(f"white_{own}") if isinstance(step, Mapping) else None
        if isinstance(white, int | float) and white > 0:
            return float(white)
    return 1.0


def _scaled(values: Bytes, white: float) -> tuple[Bytes, tuple[float, float]]:
    """Gray values whose white is a round number, and the range."""
    power = 10.0 ** math.floor(math.log10(white))
    end = next(power * nice for nice in NICE if power * nice >= white * 0.999)
    scaled = np.rint(values * np.float32(white / end)).clip(0, 255).astype(np.uint8)
    return scaled, (0.0, end)
