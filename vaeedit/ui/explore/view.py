"""What the viewer of the tab Explore shows: the picture of the move, coarsely while something moves."""

from collections.abc import Mapping
from typing import Any

from vaeedit.errors import UsageError, VaeeditError
from vaeedit.ui.context import Context
from vaeedit.ui.engine.desk import Cancelled
from vaeedit.ui.engine.view import View
from vaeedit.ui.explore.state import exploring
from vaeedit.ui.explore.tasks import rendered
from vaeedit.ui.sittings import Sitting

REST = 0.2
"""Seconds without a move after which the picture is decoded at its full size."""


def replied(context: Context, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The reply to the viewer, which asks from a browser. Errors are in the reply."""
    version = asked.get("version")
    nothing: dict[str, Any] = {"version": version, "layers": {}}
    try:
        sitting = context.sittings.by_key(asked.get("key"))
    except VaeeditError as error:
        return {**nothing, "error": str(error)}
    try:
        return {**nothing, **_replied(context, sitting, asked)}
    except Cancelled:
        return nothing
    except VaeeditError as error:
        return {**nothing, "error": sitting.named(str(error))}


def _replied(context: Context, sitting: Sitting, asked: Mapping[str, Any]) -> dict[str, Any]:
    state, view = exploring(sitting), View.of(asked)
    with state.changed:
        scene, move, version = state.scene, state.move, state.version
    if scene is None:
        raise UsageError("There is nothing to explore yet; choose a VAE.")
    if asked.get("version") != version or (view.finer and not state.rests(version, REST)):
        return {}
    ticket = context.desk.submit(sitting.key, rendered, scene, move, view, replaces="explore-view")
    reply: dict[str, Any] = ticket.result().reply()
    return reply
