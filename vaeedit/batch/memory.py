"""When memory runs out: a ladder of ever more careful attempts, each said in the record; never a wrong pixel.

An attempt is made again from the start, so nothing of a failed one can reach the output. Tiles change no result
(`vaeedit.tiling`), but of a VAE that sees the whole image (`SeesWhole`); they only take longer.
"""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from vaeedit.image import Frame
from vaeedit.operation import Result
from vaeedit.pipeline import Pipeline
from vaeedit.session import Session

TILES = (1024, 512, 256, 128)
"""Sides of tiles that are tried in turn."""
SPARE = "on the CPU"


def run_within_memory(
    session: Session,
    pipeline: Pipeline,
    frame: Frame,
    *,
    spare: Callable[[], Session] | None = None,
    careful: bool = False,
    name: Path | None = None,
) -> tuple[Result, list[str]]:
    """The result and what had to be tried for it; raises MemoryError when nothing helped.

    `spare` gives a session on the CPU, where that is allowed. With `careful`, the first attempt takes small tiles
    already: the process that tried before has died. `name` is the frame's file.
    """
    tried: list[str] = []
    for rung, tile in _rungs(session.settings.tile, careful):
        if rung:
            tried.append(rung)
            _free()
        try:
            return session.run(pipeline, frame, tile=tile, name=name), tried
        except MemoryError:
            continue
    if spare is not None and session.device.type != "cpu":
        _free()
        return spare().run(pipeline, frame, tile=TILES[1], name=name), [*tried, SPARE]
    raise MemoryError


def _rungs(tile: int | None, careful: bool) -> Iterator[tuple[str, int | None]]:
    """What is tried in turn: its name ("" for the plain first attempt) and the side of its tiles."""
    if not careful:
        yield "", tile
        yield "with freed caches", tile
    for side in TILES[1 if careful else 0 :]:
        if tile is None or side < tile:
            yield f"in tiles of {side}", side


def _free() -> None:
    """Give back what the allocators hold."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
