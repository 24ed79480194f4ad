"""`vaeedit serve`: edits over HTTP."""

import traceback
from typing import Any

import click

from vaeedit.cli import console
from vaeedit.cli.params import click_options, debug_option
from vaeedit.errors import UsageError
from vaeedit.settings import OF_VAES, Settings


def _serve(host: str, port: int, token: str | None, debug: bool, **settings: Any) -> int:
    from vaeedit.batch.addresses import require_token, url
    from vaeedit.batch.web import EditServer

    require_token(host, token)
    try:
        server = EditServer(
            host, port, Settings(**settings), token, traceback.print_exception if debug else None
        )
    except OSError as error:
        raise UsageError(
            f"--host {host} --port {port} cannot be used: {(error.strerror or str(error)).lower()}."
        ) from None
    with server:
        console.say(url(host, server.server_address[1]))
        server.serve()
    return console.OK


serve = click.Command(
    "serve",
    callback=_serve,
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
            default=8750,
            show_default=True,
            help="Port to listen at; 0 takes a free one.",
        ),
        click.Option(
            ["--token"],
            envvar="VAEEDIT_TOKEN",
            help="Secret that every request must send; the variable VAEEDIT_TOKEN hides it from other users.",
        ),
        *(one for one in click_options(Settings) if one.name in OF_VAES and one.name != "vae"),
        debug_option(),
    ],
    help="Edit pictures over HTTP, one at a time, until Ctrl-C.",
    epilog="Example: vaeedit serve --port 8750",
)
