"""When memory runs out: a ladder of ever more careful attempts, each said in the record; never a wrong pixel.

An attempt is made again from the start, so nothing of a failed one can reach the output. Tiles change no result
(`vaeedit.tiling`), but of a VAE that sees the whole image (`SeesWhole`); they only take longer.
"""

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch

from vaeedit.image import Frame
from vaeedit.pipeline.plan import Plan
from vaeedit.run.operation import Result
from vaeedit.run.session import Session

TILES = (1024, 512, 256, 128)
"""Sides of tiles that are tried in turn."""
SPARE = "on the CPU"


@dataclass(frozen=True)
class Managed:
    """A result, the session and the side of the tiles that gave it, and what was tried before."""

    result: Result
    session: Session
    tile: int | None = None
    rungs: list[str] = field(default_factory=list)


def run_within_memory(
    session: Session,
    plan: Plan,
    frame: Frame,
    *,
    spare: Callable[[], Session] | None = None,
    careful: bool = False,
    name: Path | None = None,
) -> Managed:
    """The result and how it came about; raises MemoryError when nothing helped.

    `spare` gives a session on the CPU, where that is allowed. With `careful`, the first attempt takes small tiles
    already: the process that tried before has died. `name` is the frame's file.
    """
    tried: list[str] = []
    for rung, tile in _rungs(session.settings.tile, careful):
        if rung:
            tried.append(rung)
            _free()
        try:
            return Managed(session.run(plan, frame, tile=tile, name=name), session, tile, tried)
        except MemoryError:
            continue
    if spare is not None and session.device.type != "cpu":
        _free()
        on_cpu, tile = spare(), min(TILES[1], session.settings.tile or TILES[1])
        return Managed(on_cpu.run(plan, frame, tile=tile, name=name), on_cpu, tile, [*tried, SPARE])
    raise MemoryError


def _rungs(tile: int | None, careful: bool) -> Iterator[tuple[str, int | None]]:
    """What is tried in turn: its name ("" for the plain first attempt) and the side of its tiles."""
    if not careful or (tile or TILES[0]) <= TILES[1]:
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
