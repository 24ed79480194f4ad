"""`vaeedit ops` and `vaeedit plugins`: list what is installed, as text or as JSON."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from vaeedit.cli import console
from vaeedit.cli.params import debug_option, json_option
from vaeedit.extension.registry import registry


def _list_command(name: str, help_text: str, rows: Callable[[], list[dict[str, Any]]]) -> click.Command:
    def callback(as_json: bool, debug: bool) -> int:
        return show(rows(), as_json)

    return click.Command(
        name,
        callback=callback,
        params=[json_option(), debug_option()],
        help=help_text,
        epilog=f"Example: vaeedit {name} --json",
    )


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


ops = _list_command("ops", "List the operations.", _operations)
plugins = _list_command(
    "plugins",
    "List the plugins: their packages, the time of their imports, what they provide, and why some do not work.",
    _plugins,
)
