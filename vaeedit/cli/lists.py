"""`vaeedit ops`, `models` and `plugins`: what there is, for people and as JSON."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from vaeedit.cli import console
from vaeedit.cli.batch import debug_option, json_option
from vaeedit.errors import VaeeditError
from vaeedit.plugins import Provided, registry
from vaeedit.specs import WeightsSpec


def _list_command(name: str, help_text: str, rows: Callable[[], list[dict[str, Any]]]) -> click.Command:
    def callback(as_json: bool, debug: bool) -> int:
        return _show(rows(), as_json)

    return click.Command(name, callback=callback, params=[json_option(), debug_option()], help=help_text)


def _show(rows: Sequence[dict[str, Any]], as_json: bool) -> int:
    if as_json:
        for row in rows:
            console.say_json(row)
        return console.OK
    for row in rows:
        first, *rest = (str(value) for value in row.values() if value not in ("", [], {}))
        console.say(f"{first:16} {'  '.join(rest)}")
    return console.OK


def _operations() -> list[dict[str, Any]]:
    found = registry().operations
    return [
        {"operation": name, "summary": item.spec.summary, "package": item.distribution}
        for name, item in sorted(found.bare.items())
    ]


def _models() -> list[dict[str, Any]]:
    return [_model(name, item) for name, item in sorted(registry().weights.bare.items())]


def _model(name: str, item: Provided[WeightsSpec]) -> dict[str, Any]:
    from vaeedit.vae.files import checksum, find_vae, read_info

    try:
        path = find_vae(name, registry())
        info = read_info(path)
    except (VaeeditError, ImportError) as error:  # one that is damaged hides none of the others
        return {"vae": name, "problem": str(error), "package": item.distribution}
    return {
        "vae": name,
        "summary": item.spec.summary,
        "architecture": info.architecture,
        "licence": info.licence,
        "megabytes": f"{path.stat().st_size / 1e6:.1f} MB",
        "sha256": checksum(path),
        "package": item.distribution,
    }


def _plugins() -> list[dict[str, Any]]:
    return [
        {
            "plugin": report.plugin,
            "state": report.state,
            "package": report.distribution,
            "provides": ", ".join(report.provides),
            "reason": report.reason,
        }
        for report in registry().reports
    ]


ops = _list_command("ops", "List the operations.", _operations)
models = _list_command("models", "List the trained VAEs that are installed.", _models)
plugins = _list_command(
    "plugins", "List the plugins, and what is wrong with those that do not work.", _plugins
)
