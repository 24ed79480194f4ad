"""A part with a grain, normal or with a dark spot, as files."""

from pathlib import Path

import numpy as np
from PIL import Image


def part(
    seed: int, *, spot: bool = False, size: tuple[int, int] = (72, 88), color: bool = False
) -> Image.Image:
    """Vertical streaks, a little different each time."""
    random = np.random.default_rng(seed)
    height, width = size
    streaks = np.convolve(random.normal(0, 1, width + 4), np.ones(5) / 5, "valid")
    picture = 120 + 20 * streaks[None, :] + random.normal(0, 3, size) + random.normal(0, 4)
    if spot:
        rows, columns = np.mgrid[:height, :width]
        row, column = random.uniform(15, height - 15), random.uniform(15, width - 15)
        picture[(rows - row) ** 2 + (columns - column) ** 2 < 36] -= 70
    pixels = picture.clip(0, 255).astype(np.uint8)
    return Image.fromarray(np.stack([pixels, 255 - pixels, pixels], 2) if color else pixels)


def folder_of(path: Path, count: int, first: int = 0, **how: object) -> Path:
    """A folder of parts."""
    path.mkdir(parents=True, exist_ok=True)
    for seed in range(first, first + count):
        part(seed, **how).save(path / f"{seed:03}.png")  # type: ignore[arg-type]
    return path
