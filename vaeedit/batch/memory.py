"""What is tried when memory runs out: freed caches, then smaller and smaller tiles, then the CPU. The record names each.

Every attempt starts from the beginning, so nothing of a failed attempt reaches the output. Tiles take longer but do not
change the result (`vaeedit.tiling`), except with a VAE that sees the whole image (`SeesWhole`).
"""

import gc
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from vaeedit.image import Frame
from vaeedit.pipeline.plan import Plan
from vaeedit.run.operation import Result
from vaeedit.run.session import Session

TILES = (1024, 512, 256, 128)
"""Sides of tiles in pixels, in the order in which they are tried."""
CACHES = "with freed caches"
SPARE = "on the CPU"


@dataclass(frozen=True)
class Managed:
    """A result, the session and the tile size (pixels) that it was made with, and what was tried before."""

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
    """Run the plan on the frame and return the result; raises MemoryError if no attempt succeeds.

    `spare` returns a session on the CPU, if that is allowed. With `careful`, the first attempt already uses small tiles:
    the process that tried before has died. `name` is the frame's file.
    """
    tried: list[str] = []
    rungs = _rungs(session.settings.tile, careful) if plan.uses_vae else [("", None), (CACHES, None)]
    for rung, tile in rungs:
        if rung:
            tried.append(rung)
            _free()
        try:
            return Managed(session.run_plan(plan, frame, tile=tile, name=name), session, tile, tried)
        except MemoryError:
            continue
    if spare is not None and plan.uses_vae and session.device.type != "cpu":
        _free()
        on_cpu, tile = spare(), min(TILES[1], session.settings.tile or TILES[1])
        return Managed(on_cpu.run_plan(plan, frame, tile=tile, name=name), on_cpu, tile, [*tried, SPARE])
    raise MemoryError


def _rungs(tile: int | None, careful: bool) -> Iterator[tuple[str, int | None]]:
    """Yield what is tried in turn: its name ("" for the ordinary first attempt) and the side of its tiles."""
    if not careful or (tile or TILES[0]) <= TILES[1]:
        yield "", tile
        yield CACHES, tile
    for side in TILES[1 if careful else 0 :]:
        if tile is None or side < tile:
            yield f"in tiles of {side}", side


def _free() -> None:
    """Free the memory that caches hold."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
