"""A small version of a picture, a task of a worker."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vaeedit.ui.engine.worker import Worker

SMALL, LARGE = 180, 1400
"""Longest sides in pixels: of one among others, and of one that is looked at."""


def thumbnail(worker: Worker, path: str, side: int) -> str:
    """The picture in a file, in sRGB, no larger than `side`, as a URL that holds the data; raises ImageError."""
    from vaeedit.image import working

    small = working(worker.frame(path)).image
    small.thumbnail((side, side))
    data = io.BytesIO()
    small.save(data, "PNG", icc_profile=None)
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"
