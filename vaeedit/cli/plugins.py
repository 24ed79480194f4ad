"""`vaeedit plugins`: lists the plugins, checks one, and writes the project of a new one."""

from pathlib import Path
from typing import Any

import click

from vaeedit.cli import console
from vaeedit.cli.lists import list_group
from vaeedit.cli.params import debug_option, json_option
from vaeedit.errors import UsageError, VaeeditError
from vaeedit.extension.registry import registry
from vaeedit.extension.specs import load_target
from vaeedit.scaffold import KINDS

SUITE = "vaeedit.testing.command:run"
"""What `check` runs: the suite may use all of vaeedit, also its commands, so it is imported by name."""


def _plugins() -> list[dict[str, Any]]:
    return [
        {
            "plugin": report.plugin,
            "state": report.state,
            "package": report.distribution,
            "version": report.version,
            "import_time_ms": None if report.seconds is None else round(1000 * report.seconds),
            "provides": report.provides,
            "reason": report.reason,
            "cure": report.cure,
            "slow": report.slowness,
        }
        for report in registry().reports
    ]


@click.pass_context
def _new(context: click.Context, name: str, kind: str, author: str | None, debug: bool) -> int:
    from vaeedit.scaffold.names import require_free
    from vaeedit.scaffold.project import write_project

    tables = registry().tables().values()
    provided = {one for table in tables for one in table.bare}
    commands = context.find_root().command
    assert isinstance(commands, click.Group)
    require_free(
        name, {*provided, *commands.list_commands(context), *(one.plugin for one in registry().reports)}
    )
    folder = Path(name)
    if folder.exists() or folder.is_symlink():
        raise UsageError(f"{folder} exists already; choose another name, or work in another folder.")
    try:
        files = write_project(name, kind, folder, author or "")
    except OSError as error:
        raise VaeeditError(
            f"{folder} cannot be written: {(error.strerror or str(error)).lower()}."
        ) from error
    console.say(*(f"{folder}/{path.as_posix()}" for path in files))
    console.say("Next:", f"  cd {folder}", "  pip install -e .", f"  vaeedit plugins check {name}")
    return console.OK


def _check(plugin: str, as_json: bool, debug: bool) -> int:
    code: int = load_target(SUITE)(plugin, as_json, debug)
    return code


plugins = list_group(
    "plugins",
    "List the plugins, check one, or begin a new one.",
    "List the plugins: their packages, the time of their imports, what they provide, and why some do not work.",
    _plugins,
)
plugins.add_command(
    click.Command(
        "new",
        callback=_new,
        params=[
            click.Argument(["name"], metavar="NAME"),
            click.Option(
                ["--vae", "kind"],
                type=click.Choice(KINDS),
                required=True,
                help="What the operation works with: none (pixels), latent (the latents of a VAE that is installed), or own "
                "(a VAE of its own, with recipe and weights).",
            ),
            click.Option(
                ["--author"], metavar="NAME", help="Who holds the copyright; by default the user.name of git."
            ),
            debug_option(),
        ],
        help="Write a project for a plugin with one operation into the new folder NAME; it can be installed and runs.",
        epilog="Example: vaeedit plugins new soft-glow --vae none",
    )
)
plugins.add_command(
    click.Command(
        "check",
        callback=_check,
        params=[click.Argument(["plugin"], metavar="PLUGIN"), json_option(), debug_option()],
        help="Check that a plugin does all that vaeedit requires. PLUGIN is its name, or the folder or module of one that is "
        "not installed.",
        epilog="Example: vaeedit plugins check soft-glow",
    )
)
