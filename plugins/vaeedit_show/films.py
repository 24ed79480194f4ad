"""Films of pictures."""

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


def film(frames: Sequence[Frame], rate: float) -> Film:
    """A film of these frames, in color, as its formats want it; `rate` frames per second."""
    colored = [
        replace(
            frame, pixels=np.ascontiguousarray(np.broadcast_to(frame.pixels, (*frame.pixels.shape[:2], 3)))
        )
        for frame in frames
    ]
    return Film(colored, rate)
