"""The first look at an uploaded picture, a task of a worker: is it one, how large is it, and a small version of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vaeedit.ui.engine.worker import Worker

SIDE = 148
"""Longest side of a small version in pixels; the page shows it at half of that, for dense screens."""


@dataclass(frozen=True)
class Seen:
    """What was found of a picture."""

    width: int
    height: int
    warnings: tuple[str, ...]


def look(worker: Worker, path: Path, thumbnail: Path) -> Seen:
    """Read a picture, and write a small version of it; raises ImageError for a file that is none."""
    from vaeedit.image import working

    frame = worker.frame(path)
    scale = min(1.0, SIDE / max(frame.width, frame.height))
    size = (max(1, round(scale * side)) for side in (frame.width, frame.height))
    small = working(worker.shrunk(path, *size)).image  # in sRGB, of 8 bits
    small.save(thumbnail, "PNG", icc_profile=None)
    return Seen(frame.width, frame.height, frame.warnings)
