"""Fixtures of the page's tests: a server in a process of its own, Chromium, and a tab that watches its requests."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from plugin_maker import put

SAMPLES = Path(__file__).parents[2] / "samples/images"
WAIT = 60_000
"""Milliseconds after which a part of the page that does not come is a failure; a busy machine needs some."""

VARIABLES = {
    "VAEEDIT_MAX_UPLOAD_BYTES": "20000000",
    "VAEEDIT_MAX_UPLOADS_BYTES": "50000000",
    "GRADIO_ALLOWED_PATHS": "/",
    "GRADIO_MCP_SERVER": "True",
    "GRADIO_SHARE": "True",
}
"""Of the server: small limits, and variables of Gradio that must have no effect."""

THIRD_PARTY = """
from typing import Annotated

from vaeedit.api import Operation, OperationSpec, Options, Result, hookimpl, option


class LiftOptions(Options, frozen=True):
    amount: Annotated[float, option("How much lighter.", ge=0, le=0.5)] = 0.25


class Lift(Operation):
    def after(self, frames, originals):
        (frame,) = frames
        return Result(frame.with_floats(frame.floats() + self.options.amount))


@hookimpl
def vaeedit_operations():
    spec = {"name": "acme-lift", "summary": "Lift the picture.", "target": "acme_lift:Lift"}
    return [OperationSpec(**spec, options=LiftOptions, uses_vae=False)]
"""


@dataclass(frozen=True)
class Server:
    """A running page."""

    url: str
    root: Path
    """Its --root: a folder of two small pictures."""
    runs: Path
    """Its --runs."""
    temporary: Path
    """Its folder for temporary files; nothing is left there at its end."""
    environment: dict[str, str]
    """In which the plugin is installed."""


@pytest.fixture(scope="session")
def page_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`vaeedit ui` on a free port, with a plugin of another package installed."""
    pytest.importorskip("gradio", reason="gradio is missing: pip install 'vaeedit[ui]'")
    packages, root, runs, temporary = map(tmp_path_factory.mktemp, ("packages", "root", "runs", "temporary"))
    put(packages, "acme-lift", THIRD_PARTY)
    paths = os.pathsep.join([str(packages), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, **VARIABLES, "TMPDIR": str(temporary), "PYTHONPATH": paths}
    process = subprocess.Popen(
        [sys.executable, "-m", "vaeedit", "ui", "--port", "0", "--root", str(root), "--runs", str(runs)],
        env=environment,
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout
    url = process.stdout.readline().strip()
    assert url.startswith("http://127.0.0.1:"), "the page did not start"
    yield Server(url, root, runs, temporary, environment)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert not any(temporary.iterdir())


# Of a module, not of the session: while Playwright runs, asyncio has a running loop that tests of other modules would meet.
@pytest.fixture(scope="module")
def browser() -> Iterator:
    """Debian's Chromium, driven by Playwright."""
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is missing: pip install playwright"
    )
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is missing: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def tab(page_server, browser, request) -> Iterator:
    """The page in a new context of 1280 x 800 pixels; parameters of a test (indirect) are other options of the context.

    At the end: every request went to the server, and the browser reported no error.
    """
    options = {
        "viewport": {"width": 1280, "height": 800},
        "accept_downloads": True,
        **getattr(request, "param", {}),
    }
    context = browser.new_context(**options)
    context.set_default_timeout(WAIT)
    page = context.new_page()
    foreign, errors = watched(page, page_server.url)
    page.goto(page_server.url)
    page.get_by_role("tab", name="Edit").wait_for()
    yield page
    context.close()
    assert foreign == []
    assert errors == []


def watched(page, url: str) -> tuple[list[str], list[str]]:
    """Lists that grow: addresses outside the server that a page asks for, and errors that it reports."""
    foreign: list[str] = []
    errors: list[str] = []
    own = (url, "data:", f"blob:{url}")
    page.on("request", lambda one: None if one.url.startswith(own) else foreign.append(one.url))
    page.on("websocket", lambda one: foreign.append(one.url))
    page.on("console", lambda one: errors.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return foreign, errors
