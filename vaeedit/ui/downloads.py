"""Downloads: files of a sitting, by unguessable addresses that end with the sitting."""

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import quote

from vaeedit.errors import UsageError
from vaeedit.ui.sittings import Sitting, Sittings

ROUTE = "/download"
PART = "downloads"


def offered(sitting: Sitting, path: Path) -> str:
    """The address, on this server, at which the page of a sitting gets a file; it is saved under the file's own name."""
    token = secrets.token_urlsafe(16)
    with sitting.lock:
        sitting.part(PART, dict)[token] = path
    return f"{ROUTE}/{sitting.key}/{token}/{quote(path.name)}"


def add_route(app: Any, sittings: Sittings) -> None:
    """Let an application (`fastapi.FastAPI`) answer such addresses, and 404 for any other one."""
    from fastapi.responses import FileResponse, PlainTextResponse

    @app.get(ROUTE + "/{key}/{token}/{name}")  # type: ignore[untyped-decorator]
    def download(key: str, token: str, name: str) -> Any:
        try:
            path = sittings.by_key(key).part(PART, dict).get(token)
        except UsageError as error:
            return PlainTextResponse(str(error), 404)
        if path is None or not path.is_file():
            return PlainTextResponse("There is no such file any more; make it again.", 404)
        return FileResponse(path, filename=path.name, headers={"Cache-Control": "no-store"})
