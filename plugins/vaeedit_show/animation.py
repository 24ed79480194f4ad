"""The same samples over the course of training, as `vaeedit train` keeps them."""

from pathlib import Path

import numpy as np

from vaeedit.api import Result, UsageError, read, read_snapshots
from vaeedit_show.defaults import RATE
from vaeedit_show.films import film_of
from vaeedit_show.sheet import Block, factor_for, sheet

SIDE = 480
"""About the side of a frame of the film, in pixels."""
SHOWN, FACTOR = 6, 3
"""Snapshots in the picture, and the factor between their steps."""


def training(run: str | Path, *, rate: float = RATE, scale: int | None = None) -> Result:
    """The snapshots of a run: a film of all of them, and a picture of some, from the first to the last.

    Their steps grow by equal factors, so that the film slows down as training does. Raises UsageError for a folder without
    snapshots.
    """
    folder = Path(run)
    kept = read_snapshots(folder)
    if not kept:
        raise UsageError(
            f"{folder} holds no snapshots: this version of `vaeedit train` keeps them, of VAEs with a prior."
        )
    images = [read(path).as_uint8() for _, path in kept]
    names = [f"step {step:,}" for step, _ in kept]
    large = scale or factor_for(images[0], SIDE)
    frames = [
        sheet([Block([image], 1)], scale=large, caption=name)
        for image, name in zip(images, names, strict=True)
    ]
    steps = np.array([step for step, _ in kept])
    some = sorted({int(np.abs(steps - steps[-1] / FACTOR**n).argmin()) for n in range(SHOWN)})
    still = sheet([Block([images[n]], 1, names[n]) for n in some], scale=scale or 1)
    return Result(still, film=film_of(frames, rate))
