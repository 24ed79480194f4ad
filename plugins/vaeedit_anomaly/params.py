"""Parameters that the commands of `vaeedit anomaly` share."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from vaeedit.api import UsageError


class Share(click.ParamType[float]):
    """'1%' or '0.01'."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse."""
        text = str(value).strip()
        try:
            found = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            found = -1.0
        if not 0 < found <= 0.5:
            self.fail(
                f"{value!r} is no share of false alarms; say for example 1% or 0.01, at most 50%.", param, ctx
            )
        return found


def refuse_existing(paths: Iterable[Path], exists: str) -> None:
    """Raise UsageError, before any work, for a file that is there and may not be replaced."""
    for path in paths:
        if exists == "error" and path.exists():
            raise UsageError(f"{path} exists already; say --exists overwrite, or name another place.")


EXISTS = click.Option(
    ["--exists"], type=click.Choice(["error", "overwrite"]), default="error", show_default=True,
    help="What to do where an output exists.",
)  # fmt: skip
