"""The tasks of the tab Explore, for the desk. torch is imported where they run, not where they are named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vaeedit.ui.engine.view import AFTER, BEFORE, Rendered, View
from vaeedit.ui.explore.scene import Choice, Move, Opened, Scene, Shown

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


def moved(worker: Worker, scene: Scene, move: Move) -> Shown:
    """Decode a move coarsely, for `rendered`; raises VaeeditError."""
    from vaeedit.ui.explore.picture import sheet_of

    sheet = sheet_of(worker, scene, move, True)
    return Shown(*sheet.size, sheet.warnings, sheet.seconds)


def rendered(worker: Worker, scene: Scene, move: Move, view: View) -> Rendered:
    """What a view shows of a move: coarsely at the first time, then as it is at rest; raises VaeeditError."""
    from vaeedit.ui.explore.picture import part, png, sheet_of

    sheet = sheet_of(worker, scene, move, view.finer == 0)
    layers, region = {}, view.region
    for name, pixels in ((BEFORE, sheet.beside), (AFTER, sheet.pixels)):
        if name in view.layers:
            cut, region = part(pixels, view.region, (view.width, view.height))
            layers[name] = png(cut)
    return Rendered(region, layers, exact=sheet.scale == 1, scale=sheet.scale)


def saved(worker: Worker, scene: Scene, move: Move, path: Path) -> None:
    """Write the picture of a move at rest as PNG; raises VaeeditError."""
    from vaeedit.image import write_whole
    from vaeedit.ui.explore.picture import png, sheet_of

    write_whole(path, png(sheet_of(worker, scene, move, False).pixels))
