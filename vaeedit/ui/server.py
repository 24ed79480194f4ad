"""The server of the page: an address, Gradio's application on it, and everything removed at the end."""

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from vaeedit.batch.addresses import require_token, url
from vaeedit.errors import MissingExtra, UsageError
from vaeedit.extension.registry import registry
from vaeedit.settings import Settings
from vaeedit.ui.sittings import Sittings

PAUSE = 0.2
"""Seconds after which the main thread looks whether the server has ended, or Ctrl-C was pressed."""
STAYS_HERE = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_RUN_HISTORY": "False",
    "GRADIO_SSR_MODE": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
}
"""Variables of the libraries, so that they send nothing."""


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
    ready: Callable[[str], None],
    debug: bool = False,
) -> None:
    """Serve the page until an exception such as KeyboardInterrupt; `ready` is called with its address.

    Raises UsageError for an address that cannot be used, and MissingExtra.
    """
    listening = address.bound()
    os.environ.update(STAYS_HERE)
    from vaeedit.ui.engine.desk import Desk

    desk = Desk(settings)  # its processes start while Gradio is imported
    sittings = Sittings(desk.forget)
    try:
        app = _application(address, settings, root, runs, desk, sittings, debug)
        server = _server(app, debug)
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        ready(address.url(listening))
        try:
            while thread.is_alive():
                thread.join(PAUSE)
        finally:
            server.should_exit = server.force_exit = True
            thread.join(5)
    finally:
        desk.close()
        sittings.close()
        listening.close()


def _application(
    address: Address,
    settings: Settings,
    root: Path | None,
    runs: Path | None,
    desk: Any,
    sittings: Sittings,
    debug: bool,
) -> Any:
    try:
        import gradio
        from fastapi import FastAPI
    except ImportError:
        raise MissingExtra("The page", "ui") from None
    from vaeedit.ui.context import Context
    from vaeedit.ui.page import page
    from vaeedit.ui.theme import css, head, theme

    context = Context(settings, registry(), root, runs, desk, sittings)
    return gradio.mount_gradio_app(
        FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
        page(context),
        path="/",
        server_name=address.host,
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        show_error=debug,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        theme=theme(),
        css=css(),
        head=head(),
    )


def _server(app: Any, debug: bool) -> Any:
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(app, log_level="warning" if debug else "critical", timeout_graceful_shutdown=1)
    )
