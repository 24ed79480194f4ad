"""`vaeedit ui`: the page."""

import sys
from pathlib import Path
from typing import Any

import click

from vaeedit.cli import console
from vaeedit.cli.params import click_options, debug_option
from vaeedit.settings import OF_VAES, Settings

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


def _ui(
    host: str,
    port: int,
    token: str | None,
    root: Path | None,
    runs: Path | None,
    export: Path | None,
    debug: bool,
    **settings: Any,
) -> int:
    from vaeedit.ui.server import Address, serve_page

    def ready(url: str) -> bool:
        if export is not None:
            return _exported(url, export)
        console.say(url)
        if sys.stdout.isatty():
            click.launch(url)
        return True

    address = Address(host, port, token) if export is None else Address("127.0.0.1", 0)
    serve_page(address, Settings(**settings), root=root, runs=runs, ready=ready, debug=debug)
    return console.OK


def _exported(url: str, folder: Path) -> bool:
    """Take the screenshots; the server then ends."""
    from vaeedit.extension.registry import registry
    from vaeedit.ui.export import export

    for path in export(url, folder, registry()):
        console.say(str(path))
    return False


ui = click.Command(
    "ui",
    callback=_ui,
    params=[
        click.Option(
            ["--host"],
            default="127.0.0.1",
            show_default=True,
            help="Address to listen at; one that other machines reach needs a token.",
        ),
        click.Option(
            ["--port"],
            type=click.IntRange(0, 65535),
            default=8760,
            show_default=True,
            help="Port to listen at; 0 takes a free one.",
        ),
        click.Option(
            ["--token"],
            envvar="VAEEDIT_TOKEN",
            help="Secret that every browser must know; the variable VAEEDIT_TOKEN hides it from other users.",
        ),
        click.Option(
            ["--root"],
            type=FOLDER,
            help="Folder in which batches run; nothing outside it is read or written.",
        ),
        click.Option(["--runs"], type=FOLDER, help="Folder of training runs to show."),
        click.Option(
            ["--export"],
            type=click.Path(file_okay=False, path_type=Path),
            help="Write screenshots of each view into this folder, and end; needs Playwright and Chromium.",
        ),
        *(one for one in click_options(Settings) if one.name in OF_VAES and one.name != "vae"),
        debug_option(),
    ],
    help="Open a page in the browser: edit pictures, explore VAEs, watch training and batches, until Ctrl-C.",
    epilog="Example: vaeedit ui",
)
