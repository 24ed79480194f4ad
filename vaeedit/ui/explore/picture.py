"""Decoded pictures of moves, alone or side by side, and the parts of them that are seen."""

import io
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace
from PIL import Image
from torch import Tensor

from vaeedit.image import Frame
from vaeedit.image.frame import Pixels
from vaeedit.image.panels import laid_out
from vaeedit.ui.engine.cache import Cache
from vaeedit.ui.engine.worker import Worker, stamp
from vaeedit.ui.explore.codes import codes_of, size_of
from vaeedit.ui.explore.points import Walk
from vaeedit.ui.explore.scene import MOVING, Move, Scene
from vaeedit.vae.latents import Decoded

GAP, GRAY = 4, 110
"""Pixels between samples, and their value, about that of the page around pictures."""
LEVEL = 1
"""Compression of PNG: larger levels take longer than decoding."""
Region = tuple[float, float, float, float]
"""Left, top, right and bottom as shares of the sides."""
KEPT = 32 << 20
"""Bytes of pictures that a process keeps, so that a look at another part decodes nothing."""


@dataclass(frozen=True)
class Sheet:
    """The picture of a move."""

    pixels: Pixels
    """(H, W, C) of 8 bits."""
    beside: Pixels
    """The nearest picture itself, to compare with; without one, black."""
    size: tuple[int, int]
    """Width and height that it has at rest."""
    warnings: tuple[str, ...]
    seconds: float

    @property
    def scale(self) -> float:
        """Its width as a share of that at rest."""
        return float(self.pixels.shape[1] / self.size[0])


_kept: Cache[Sheet] = Cache(KEPT, lambda sheet: sheet.pixels.nbytes + sheet.beside.nbytes)


def sheet_of(worker: Worker, scene: Scene, move: Move, moving: bool) -> Sheet:
    """The picture of a move, smaller while it is `moving`, and samples smaller the more there are; raises VaeeditError."""
    key = (scene, *map(stamp, scene.pictures)), repr(move), moving and scene.side > MOVING
    return _kept.get(key, lambda: _decoded(worker, scene, move, moving))


def _decoded(worker: Worker, scene: Scene, move: Move, moving: bool) -> Sheet:
    started = time.perf_counter()
    columns = columns_for(move.samples)
    rest = replace(scene, side=scene.side // columns)
    codes = codes_of(worker, replace(scene, side=min(scene.side, MOVING) // columns) if moving else rest)
    walk = Walk(worker.session, codes, move, lambda: codes_of(worker, scene).principal)
    pictures = [_pixels(one) for one in walk.decoded()]
    times = pictures[0].shape[0] // codes.size[0]
    height, width = (side * times for side in size_of(worker, rest))
    rows = -(-len(pictures) // columns)
    return Sheet(
        laid_out(pictures, columns, GAP, GRAY),
        walk.picture.frame.pixels if walk.picture else np.zeros_like(pictures[0]),
        (min(columns, len(pictures)) * (width + GAP) - GAP, rows * (height + GAP) - GAP),
        walk.warnings(Frame(pictures[0])),
        round(time.perf_counter() - started, 3),
    )


def columns_for(count: int) -> int:
    """How many of `count` samples are side by side, so that the whole is about square."""
    return math.ceil(math.sqrt(max(1, count)))


def _pixels(picture: Tensor) -> Pixels:
    """A picture (1, C, H, W) in [0, 1] as (H, W, C) of 8 bits."""
    pixels: Pixels = Decoded(picture).pixels()[0]
    return pixels


def part(pixels: Pixels, region: Sequence[float], size: tuple[int, int]) -> tuple[Pixels, Region]:
    """What a region, as shares of the sides, shows in at most `size` (width, height) pixels, and their own region."""
    height, width = pixels.shape[:2]
    left, top = int(region[0] * width), int(region[1] * height)
    right, bottom = math.ceil(region[2] * width - 1e-6), math.ceil(region[3] * height - 1e-6)
    cut = pixels[top : max(bottom, top + 1), left : max(right, left + 1)]
    shown = (left / width, top / height, (left + cut.shape[1]) / width, (top + cut.shape[0]) / height)
    fewer = min(size[0], cut.shape[1]), min(size[1], cut.shape[0])
    if fewer != cut.shape[1::-1]:
        cut = np.asarray(_image(cut).resize(fewer, Image.Resampling.BOX)).reshape(*fewer[::-1], -1)
    return cut, shown


def png(pixels: Pixels) -> bytes:
    """A picture (H, W, C) of 8 bits as PNG."""
    buffer = io.BytesIO()
    _image(pixels).save(buffer, "PNG", compress_level=LEVEL)
    return buffer.getvalue()


def _image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels))
