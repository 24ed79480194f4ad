"""The survey of a folder of normal images, and the choices for their model."""

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vaeedit.api import Frame, ImageError, UsageError, image_files, read, working
from vaeedit_anomaly.sizes import Preparation

FEWEST = 5
"""Smallest number of normal images."""
MOST = 4000
"""Images used from a larger folder, drawn at random; usual budgets do not reach more."""
HELD_OUT = (2, 400)
"""Smallest and largest number of held-out images; between these it is a fifth of all."""
WORKING = 320**2
"""Most pixels of an image of median size at the working size: the usual 256x256, and some more for detail."""
CROP = (32, 160)
"""Smallest and largest side of a training crop."""
BATCH = 8 * 128**2
"""Pixels of a training step."""
LOOK = 200
"""Images whose sizes and colors the choices are based on."""


@dataclass(frozen=True)
class Survey:
    """The choices: images to learn from and held-out images, preparation, size of crops, and doubts as sentences."""

    learned: tuple[Path, ...]
    held_out: tuple[Path, ...]
    preparation: Preparation
    areas: tuple[float, float]
    crop: int
    doubts: tuple[str, ...]

    @property
    def batch(self) -> int:
        """Crops in a training step."""
        return max(2, round(BATCH / self.crop**2))


def survey(folder: Path, seed: int = 0) -> Survey:
    """The survey of a folder and its subfolders; raises UsageError if no model can be made from it."""
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.")
    paths = image_files([folder], recursive=True)
    if not paths:
        raise UsageError(f"{folder} holds no images.")
    random.Random(seed).shuffle(paths)
    unread: dict[Path, str] = {}
    frames = list(readable(paths[:LOOK], unread))
    paths = [path for path in paths[:MOST] if path not in unread]
    if len(paths) < FEWEST:
        raise UsageError(
            f"{folder} holds {len(paths)} readable image{'s' if len(paths) > 1 else ''}; "
            f"at least {FEWEST} normal images are needed, and some dozens are better."
        )
    sizes = np.array([(frame.height, frame.width) for frame in frames], np.float64)
    channels = _channels(frames, folder)
    areas = sizes.prod(1)
    scale = min(1.0, math.sqrt(WORKING / float(np.median(areas))))
    preparation = Preparation(channels, scale).with_range_of(frames)
    short = float(np.quantile(sizes.min(1), 0.1)) * scale
    crop = int(np.clip(short // 16 * 16, *CROP))
    count = held_out_of(len(paths))
    return Survey(
        learned=tuple(paths[count:]),
        held_out=tuple(paths[:count]),
        preparation=preparation,
        areas=(float(areas.min()), float(areas.max())),
        crop=crop,
        doubts=(*unread.values(), *_doubts(sizes, count)),
    )


def held_out_of(count: int) -> int:
    """Number of images that are held out of so many."""
    return int(np.clip(round(count / 5), *HELD_OUT))


def readable(paths: Iterable[Path], problems: dict[Path, str]) -> Iterator[Frame]:
    """The images that can be read; `problems` receives a message for each of the others."""
    for path in paths:
        try:
            yield working(read(path))
        except ImageError as error:
            problems[path] = str(error)


def _channels(frames: Sequence[Frame], folder: Path) -> int:
    """1 if every image is gray, even if stored in color, else 3; raises UsageError for a mixture of gray and color."""
    colorful = [
        frame.channels == 3 and int(np.ptp(frame.as_uint8()[::4, ::4].astype(np.int16), axis=2).max()) > 8
        for frame in frames
    ]
    gray = sum(frame.channels == 1 for frame in frames)
    if not any(colorful):
        return 1
    if gray:
        raise UsageError(
            f"In {folder} {gray} of {len(frames)} images are gray, the others in color; "
            "put them into two folders, and fit a model for each."
        )
    return 3


def _doubts(sizes: np.ndarray, held_out: int) -> Iterator[str]:
    areas = sizes.prod(1)
    if areas.max() > 16 * areas.min():
        yield (
            f"The images differ much in size, from {areas.min() ** 0.5:.0f} to {areas.max() ** 0.5:.0f} pixels a side; "
            "all are downscaled by the same factor, so that equal details keep equal sizes."
        )
    if held_out < 20:
        yield (
            f"Only {held_out} images could be held out for calibration; the false-alarm rate is an extrapolation. "
            "Give 100 normal images or more."
        )
