"""Work for the tab Explore that a worker does while the page waits."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vaeedit.errors import UsageError, VaeeditError
from vaeedit.ui.context import Context
from vaeedit.ui.downloads import offered
from vaeedit.ui.edit.look import look
from vaeedit.ui.edit.pictures import Picture, kept, new_id, pictures_of, samples
from vaeedit.ui.explore.scene import MOST, Move
from vaeedit.ui.explore.state import exploring, value_of
from vaeedit.ui.explore.tasks import listed, moved, opened, saved
from vaeedit.ui.sittings import Sitting

PICTURES, DRAWS = "Pictures", "Draws of the VAE"
"""With what exploring starts."""
FIRST = 2
"""Samples that are taken where the tab Edit has no picture, so that there is something to walk between."""


async def done(
    context: Context, sitting: Sitting, task: Callable[..., Any], *arguments: Any, **how: Any
) -> Any:
    """The result of a task; raises VaeeditError and Cancelled."""
    return await asyncio.wrap_future(context.desk.submit(sitting.key, task, *arguments, **how).future)


async def begin(context: Context, sitting: Sitting) -> bool:
    """At the first time, find the VAEs, and take the picture of the tab Edit or samples; whether it was the first time."""
    state = exploring(sitting)
    if state.choices:
        return False
    state.choices = await done(context, sitting, listed, context.root)
    state.choice = next(iter(state.choices), None)
    edited = pictures_of(sitting).current
    for path in [edited.path] if edited else [*samples().values()][-FIRST:]:
        await add(context, sitting, path)
    return True


async def choose(context: Context, sitting: Sitting, name: str) -> bool:
    """Choose a VAE of those that were offered; one that can draw starts with that."""
    state = exploring(sitting)
    state.choice = next((one for one in state.choices if one.vae == name), state.choice)
    state.draws = state.choice is not None and state.choice.draws
    return True


async def start_with(context: Context, sitting: Sitting, what: str) -> bool:
    """Start with pictures, or with draws."""
    exploring(sitting).draws = what == DRAWS
    return True


async def upload(context: Context, sitting: Sitting, files: list[str] | None) -> bool:
    """Add uploaded pictures."""
    for file in files or []:
        await add(context, sitting, Path(file))
    return bool(files)


async def sample(context: Context, sitting: Sitting, name: str | None) -> bool:
    """Add a sample."""
    if name not in samples():
        return False
    await add(context, sitting, samples()[name])
    return True


async def take(context: Context, sitting: Sitting) -> bool:
    """Add the picture of the tab Edit; raises UsageError where it has none."""
    edited = pictures_of(sitting).current
    if edited is None:
        raise UsageError("The tab Edit has no picture yet; drop one there, or here.")
    await add(context, sitting, edited.path)
    return True


async def remove(context: Context, sitting: Sitting) -> bool:
    """Remove the picture that is chosen in the strip."""
    gone = exploring(sitting).pictures.remove_shown()
    if gone is not None:
        gone.path.unlink(missing_ok=True)
    return gone is not None


async def reset(context: Context, sitting: Sitting) -> bool:
    """Leave the scene as it is: opening it puts all controls at rest."""
    return True


async def add(context: Context, sitting: Sitting, upload: Path) -> None:
    """Add a picture; raises VaeeditError for a file that is none, or where there are too many."""
    pictures = exploring(sitting).pictures
    if len(pictures.by_id) >= MOST:
        raise UsageError(f"A walk is between at most {MOST} pictures; remove one first.")
    path = kept(sitting, upload)
    thumbnail = path.with_name("thumbnail.png")
    try:
        seen = await done(context, sitting, look, path, thumbnail)
    except VaeeditError:
        path.unlink(missing_ok=True)
        raise
    pictures.add(Picture(new_id(), path, seen.width, seen.height, thumbnail, seen.warnings))


async def reopened(context: Context, sitting: Sitting) -> dict[str, Any] | None:
    """Encode the scene anew, with all controls at rest; the viewer's value, None where there is no picture.

    Raises VaeeditError for a VAE or a picture that cannot be used.
    """
    state = exploring(sitting)
    state.known = None
    if state.scene is None:
        return None
    state.known = await done(context, sitting, opened, state.scene, replaces="explore-scene")
    value, _ = await shown(context, sitting, Move())
    return value


async def shown(
    context: Context, sitting: Sitting, move: Move
) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """The viewer's value for a move, and warnings; raises VaeeditError and Cancelled."""
    state = exploring(sitting)
    if state.scene is None:
        return None, ()
    state.show(move)
    found = await done(context, sitting, moved, state.scene, move, replaces="explore-move")
    return value_of(sitting, found.width, found.height), found.warnings


async def download(context: Context, sitting: Sitting) -> str:
    """The address of the picture at rest, as PNG; raises VaeeditError."""
    state = exploring(sitting)
    if state.scene is None or state.known is None:
        raise UsageError("There is no picture to download yet; choose a VAE, and add a picture.")
    path = sitting.new_folder() / f"{Path(state.known.name).name or 'explored'}.png"
    await done(context, sitting, saved, state.scene, state.move, path)
    return offered(sitting, path)
