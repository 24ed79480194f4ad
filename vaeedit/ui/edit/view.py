"""What the viewer of the tab Edit shows: the picture, a preview of the steps, or a part of the whole result."""

import base64
from dataclasses import asdict
from collections.abc import Mapping
from itertools import count
from typing import Any

from vaeedit.errors import VaeeditError
from vaeedit.ui.context import Context
from vaeedit.ui.edit.pictures import pictures_of
from vaeedit.ui.edit.results import made_of
from vaeedit.ui.edit.state import document_of, running
from vaeedit.ui.engine.desk import Cancelled
from vaeedit.ui.engine.preview import render
from vaeedit.ui.sittings import Sitting

_versions = count(1)


def shown(context: Context, sitting: Sitting) -> dict[str, Any] | None:
    """The viewer's value for the state of a sitting, with a new version; see `viewer`."""
    with sitting.lock:
        picture = pictures_of(sitting).current
        if picture is None:
            return None
        made = made_of(sitting, picture)
        steps = document_of(sitting).steps
    size = (made.whole.width, made.whole.height) if made else (picture.width, picture.height)
    maps = made.whole.maps if made else maps_of(context, sitting)
    return {
        "key": sitting.key,
        "picture": picture.id,
        "name": picture.path.name,
        "version": next(_versions),
        "width": size[0],
        "height": size[1],
        "maps": list(maps),
        "state": "full" if made and steps else "preview" if steps else "original",
        "message": "",
    }


def maps_of(context: Context, sitting: Sitting) -> list[str]:
    """The maps that the steps which are on can give."""
    found = context.registry.operations
    return list(dict.fromkeys(name for step in document_of(sitting).steps for name in found.find(step.operation).spec.maps))


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
    look = Look.of(asked)
    with sitting.lock:
        picture = pictures_of(sitting).by_id.get(str(asked.get("picture")))
        if picture is None:
            raise UsageError("This picture has been removed.")
        made, pipeline = made_of(sitting, picture), running(context, sitting)
    full = made.folder if made else None
    ticket = context.desk.submit(
        sitting.key, render, picture.path, pipeline, look, full, lane="preview", replaces="preview"
    )
    reply: Rendered = ticket.result()
    coded = {name: PNG + base64.b64encode(data).decode() for name, data in reply.layers.items()}
    return {**asdict(reply), "layers": coded}
