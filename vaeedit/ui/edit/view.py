"""What the viewer of the tab Edit shows: the picture, a preview of the steps, or a part of the whole result."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from vaeedit.errors import UsageError, VaeeditError
from vaeedit.ui.context import Context
from vaeedit.ui.edit.pictures import pictures_of
from vaeedit.ui.edit.results import key_of, made_of
from vaeedit.ui.edit.state import document_of, running
from vaeedit.ui.engine.desk import Cancelled
from vaeedit.ui.engine.preview import render
from vaeedit.ui.engine.steps import map_names
from vaeedit.ui.engine.view import Rendered, View
from vaeedit.ui.sittings import Sitting

_versions = count(1)
SEEN, VERSION = "seen", "version"
"""What the viewer was told last, and the version of that."""


def shown(context: Context, sitting: Sitting) -> dict[str, Any] | None:
    """The viewer's value for the state of a sitting, with a new version if that is another one; see `viewer`."""
    with sitting.lock:
        picture = pictures_of(sitting).current
        if picture is None:
            return None
        made = made_of(sitting, picture)
        steps = document_of(sitting).steps
        seen = (key_of(sitting, picture), made)
        if sitting.parts.get(SEEN) != seen:
            sitting.parts.update({SEEN: seen, VERSION: next(_versions)})
        version = sitting.parts[VERSION]
    size = (made.whole.width, made.whole.height) if made else (picture.width, picture.height)
    maps = made.whole.maps if made else _maps(context, sitting)
    return {
        "key": sitting.key,
        "picture": picture.id,
        "name": picture.path.name,
        "version": version,
        "width": size[0],
        "height": size[1],
        "maps": list(maps),
        "state": "full" if made and steps else "preview" if steps else "original",
        "message": "",
    }


def _maps(context: Context, sitting: Sitting) -> list[str]:
    """The maps that the steps can make; none while a step is incomplete."""
    try:
        pipeline = running(context, sitting)
    except VaeeditError:
        return []
    return map_names(pipeline, context.registry) if pipeline else []


def rendered(context: Context, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The reply to the viewer, for the state of the sitting now; `asked` comes from a browser. Errors are in the reply."""
    version = asked.get("version")
    try:
        sitting = context.sittings.by_key(asked.get("key"))
    except VaeeditError as error:
        return {"version": version, "layers": {}, "error": str(error)}
    try:
        return {"version": version, **_rendered(context, sitting, asked)}
    except Cancelled:
        return {"version": version, "layers": {}}
    except VaeeditError as error:
        return {"version": version, "layers": {}, "error": sitting.named(str(error))}


def _rendered(context: Context, sitting: Sitting, asked: Mapping[str, Any]) -> dict[str, Any]:
    view = View.of(asked)
    with sitting.lock:
        picture = pictures_of(sitting).by_id.get(str(asked.get("picture")))
        if picture is None:
            raise UsageError("This picture has been removed.")
        made, pipeline = made_of(sitting, picture), running(context, sitting)
    full = (made.folder, made.whole) if made else None
    ticket = context.desk.submit(
        sitting.key, render, picture.path, pipeline, view, full, lane="preview", replaces="preview"
    )
    found: Rendered = ticket.result()
    return {**found.reply(), "note": sitting.named(found.note), "error": sitting.named(found.error)}
