"""How many frames a film has, in which order, and that all have one size."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vaeedit.api import Film, Frame
from vaeedit_show.defaults import FINER


def finer(steps: int) -> int:
    """How many values a film has in one direction: those of a picture of so many, and others between them."""
    return (steps - 1) * FINER + 1


def there_and_back(count: int) -> list[int]:
    """Numbers of frames from the first to the last and back, so that the film repeats without a jump."""
    return [*range(count), *range(count - 2, 0, -1)]


def film_of(frames: Sequence[Frame], rate: float) -> Film:
    """A film in color; smaller frames get a white border at the right and the bottom, as captions differ in width."""
    height, width = (max(frame.pixels.shape[axis] for frame in frames) for axis in (0, 1))
    padded = []
    for frame in frames:
        border = (0, height - frame.height), (0, width - frame.width), (0, 0)
        padded.append(replace(frame, pixels=np.pad(frame.pixels, border, constant_values=int(frame.peak))))
    return Film(padded, rate).in_color()
