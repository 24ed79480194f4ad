"""Lists of what is installed, as text or as JSON; `vaeedit ops`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from vaeedit.cli import console
from vaeedit.cli.pages import CommandGroup
from vaeedit.cli.params import debug_option, json_option
from vaeedit.extension.registry import registry


def list_command(
    name: str, help_text: str, rows: Callable[[], list[dict[str, Any]]], group: str = ""
) -> click.Command:
    """Return a command, of a group if that is named, that prints the rows."""

    def callback(as_json: bool, debug: bool) -> int:
        return show(rows(), as_json)

    return click.Command(
        name,
        callback=callback,
        params=[json_option(), debug_option()],
        help=help_text,
        epilog=f"Example: vaeedit {f'{group} {name}'.strip()} --json",
    )


def list_group(
    name: str, help_text: str, list_help: str, rows: Callable[[], list[dict[str, Any]]]
) -> CommandGroup:
    """Return a group of commands with `list`, which also runs where no command is named."""

    @click.pass_context
    def callback(context: click.Context, as_json: bool, debug: bool) -> int:
        return console.OK if context.invoked_subcommand else show(rows(), as_json)

    group = CommandGroup(
        name,
        callback=callback,
        invoke_without_command=True,
        params=[json_option(), debug_option()],
        help=help_text,
    )
    group.add_command(list_command("list", list_help, rows, name))
    return group


def show(rows: Sequence[dict[str, Any]], as_json: bool) -> int:
    """Print each row as one line, with further lines for values that are mappings; with `as_json`, as a JSON object.

    A value whose name ends in _ms is a number of milliseconds.
    """
    if as_json:
        for row in rows:
            console.say_json(row)
        return console.OK
    for row in rows:
        parts = [value for value in row.values() if isinstance(value, Mapping)]
        shown = {name: value for name, value in row.items() if value not in ("", [], None, *parts)}
        first, *rest = (
            f"{value} ms" if name.endswith("_ms") else str(value) for name, value in shown.items()
        )
        console.say(f"{first:16} {'  '.join(rest)}")
        for kind, names in (item for part in parts for item in part.items()):
            console.say(f"  {kind:14} {', '.join(names)}")
    return console.OK


def _operations() -> list[dict[str, Any]]:
    operations = registry().operations
    return [
        {"operation": name, "summary": item.spec.summary, "package": item.distribution}
        for name, item in sorted(operations.bare.items())
    ]


ops = list_command("ops", "List the operations.", _operations)
