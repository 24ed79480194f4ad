"""The tasks of the tab Explore, for the desk. torch is imported where they run, not where they are named."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from vaeedit.ui.explore.scene import MOVING, Choice, Move, Opened, Scene, Shown

if TYPE_CHECKING:
    from vaeedit.ui.engine.worker import Worker


def listed(worker: Worker, root: Path | None) -> list[Choice]:
    """The VAEs that are installed, and those below `root`, by what they do."""
    from vaeedit.ui.explore.choices import choices

    return choices(worker.session.registry, root)


def opened(worker: Worker, scene: Scene) -> Opened:
    """Encode a scene, and say what is known of it; raises VaeeditError for a VAE or a picture that cannot be used."""
    from vaeedit.ui.explore.facts import facts

    return facts(worker, scene)


def moved(worker: Worker, scene: Scene, move: Move, moving: bool = False) -> Shown:
    """The picture of a move, smaller while it is `moving`, and samples smaller the more there are; raises VaeeditError."""
    from vaeedit.image import Frame
    from vaeedit.ui.explore.codes import codes_of, size_of
    from vaeedit.ui.explore.picture import columns_for, pixels_of, png, sheet
    from vaeedit.ui.explore.points import Walk

    started = time.perf_counter()
    columns = columns_for(move.samples)
    rest = replace(scene, side=scene.side // columns)
    codes = codes_of(
        worker, replace(scene, side=MOVING // columns) if moving and scene.side > MOVING else rest
    )
    walk = Walk(worker.session, codes, move, lambda: codes_of(worker, scene).principal)
    pictures = [pixels_of(one) for one in walk.decoded()]
    return Shown(
        png(sheet(pictures)),
        width=pictures[0].shape[1],
        height=pictures[0].shape[0],
        columns=columns,
        exact=codes.size == size_of(worker, rest),
        warnings=walk.warnings(Frame(pictures[0])),
        seconds=round(time.perf_counter() - started, 3),
    )
