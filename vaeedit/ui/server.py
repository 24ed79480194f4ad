"""The server of the page: an address, Gradio's application on it, and everything removed at the end."""

import socket
import time
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from vaeedit.batch.addresses import require_token, url
from vaeedit.errors import MissingExtra, UsageError
from vaeedit.extension.registry import registry
from vaeedit.limits import UPLOAD
from vaeedit.settings import Settings
from vaeedit.ui.batch.batches import Batches
from vaeedit.ui.folder import Cache, server_folder
from vaeedit.ui.offline import stay_offline
from vaeedit.ui.sittings import Sittings

PAUSE = 0.2
"""Seconds after which the main thread looks whether the server has ended, or Ctrl-C was pressed."""
SILENCE = 60
"""Seconds after which a browser counts as gone whose machine does not confirm what it is sent, where the system can tell."""
SESSIONS = 200
"""Pages of which Gradio remembers the components, those that were used last; it does not forget pages that are closed."""


@dataclass(frozen=True)
class Address:
    """Where the server listens, and the secret that browsers must know."""

    host: str
    port: int
    token: str | None = None

    def bound(self) -> socket.socket:
        """A socket that listens there; raises UsageError for an address that cannot be used, or needs a token."""
        require_token(self.host, self.token)
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listening = socket.socket(family)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE * 1000)
            listening.bind((self.host, self.port))
        except OSError as error:
            listening.close()
            reason = (error.strerror or str(error)).lower()
            raise UsageError(f"--host {self.host} --port {self.port} cannot be used: {reason}.") from None
        return listening

    def url(self, listening: socket.socket) -> str:
        """The address for a browser."""
        return url(self.host, listening.getsockname()[1])


def serve_page(
    address: Address,
    settings: Settings,
    *,
    root: Path | None = None,
    runs: Path | None = None,
    ready: Callable[[str], bool],
    debug: bool = False,
) -> None:
    """Serve the page until an exception such as KeyboardInterrupt.

    `ready` is called with its address, and says whether to go on.
    Raises UsageError for an address that cannot be used, and MissingExtra.
    """
    with closing(address.bound()) as listening, server_folder() as folder:
        cache = Cache(folder / "cache")
        stay_offline(cache.folder)
        from vaeedit.ui.engine.desk import Desk

        with (
            closing(Desk(settings)) as desk,  # its processes start while Gradio is imported
            closing(Batches(root, settings, registry())) if root else nullcontext() as batches,
        ):
            sittings = Sittings(folder, desk.forget)
            app = _application(address, settings, runs, desk, sittings, batches, debug)
            guard = _guard(app, address, listening, sittings)
            _serve(_server(guard, debug), listening, lambda: ready(address.url(listening)), sittings, cache)


def _serve(
    server: Any, listening: socket.socket, ready: Callable[[], bool], sittings: Sittings, cache: Cache
) -> None:
    thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        cache.keep()
        goes_on = ready()
        while goes_on and thread.is_alive():
            thread.join(PAUSE)
            sittings.sweep()
            cache.sweep()
    finally:
        server.should_exit = server.force_exit = True
        thread.join(5)


def _application(
    address: Address,
    settings: Settings,
    runs: Path | None,
    desk: Any,
    sittings: Sittings,
    batches: Batches | None,
    debug: bool,
) -> Any:
    try:
        import gradio
        from fastapi import FastAPI
    except ImportError:
        raise MissingExtra("The page", "ui") from None
    from vaeedit.ui.context import Context
    from vaeedit.ui.downloads import add_route
    from vaeedit.ui.page import page
    from vaeedit.ui.theme import css, head, theme

    root = batches.root if batches else None
    context = Context(settings, registry(), root, runs, desk, sittings, batches)
    blocks = page(context)
    blocks.has_launched = True  # else Gradio's inputs read any file of the machine that a request names
    blocks.state_session_capacity = SESSIONS
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    add_route(app, sittings)
    return gradio.mount_gradio_app(
        app,
        blocks,
        path="/",
        server_name=address.host,
        footer_links=[],
        run_history=False,
        max_file_size=UPLOAD.value,
        show_error=debug,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        theme=theme(),
        css=css(),
        head=head(),
    )


def _guard(app: Any, address: Address, listening: socket.socket, sittings: Sittings) -> Any:
    from vaeedit.ui.guard import Guard
    from vaeedit.ui.theme import head

    port = listening.getsockname()[1]
    return Guard(app, address.host, port, address.token, head(), sittings.watched)


def _server(app: Any, debug: bool) -> Any:
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(
            app,
            ws="none",
            log_level="warning" if debug else "critical",
            timeout_graceful_shutdown=1,
            proxy_headers=False,
            server_header=False,
        )
    )
