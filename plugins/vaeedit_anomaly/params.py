"""Parameters shared by the commands of `vaeedit anomaly`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from vaeedit.api import UsageError


class Share(click.ParamType[float]):
    """A share of false alarms, such as '1%' or '0.01'."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The share as a number from 0 to 0.5."""
        text = str(value).strip()
        try:
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 < share <= 0.5:
            self.fail(
                f"{value!r} is not a share of false alarms; write for example 1% or 0.01, at most 50%.",
                param,
                ctx,
            )
        return share


def refuse_existing(paths: Iterable[Path], exists: str) -> None:
    """Raise UsageError for a file that exists and must not be replaced; called before any work."""
    for path in paths:
        if exists == "error" and path.exists():
            raise UsageError(f"{path} exists already; use --exists overwrite, or another name.")


EXISTS = click.Option(
    ["--exists"], type=click.Choice(["error", "overwrite"]), default="error", show_default=True,
    help="What to do if an output file exists.",
)  # fmt: skip
