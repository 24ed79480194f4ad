"""Parameters shared by the commands of `vaeedit anomaly`."""

from pathlib import Path
from typing import Any

import click

from vaeedit.api import UsageError, refuse_existing


class Share(click.ParamType[float]):
    """A share, by default of false alarms, such as '1%' or '0.01'."""

    name = "share"

    def __init__(self, what: str = "false alarms") -> None:
        self.what = what

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The share as a number from 0 to 0.5."""
        if isinstance(value, float):
            return value
        text = str(value).strip()
        try:
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 < share <= 0.5:
            self.fail(
                f"{value!r} is not a share of {self.what}; write for example 1% or 0.01, at most 50%.",
                param,
                ctx,
            )
        return share


def model_file(name: str, exists: str) -> Path:
    """The file that a model is written to; raises UsageError for another ending, and for a file that must stay."""
    path = Path(name)
    if path.suffix != ".safetensors":
        raise UsageError(f"The name of a model's file must end in .safetensors; {name} does not.")
    refuse_existing([path], exists)
    return path
