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


def percent(share: float) -> str:
    """A share in words: 1 %, 0.5 %."""
    return f"{100 * share:.3g} %"


def false_alarms_option() -> click.Option:
    """--false-alarms of the commands that use a model."""
    return click.Option(
        ["--false-alarms"],
        type=Share(),
        help="Share of normal images that may be called abnormal; by default the share that the model was fitted for.",
    )


def fast_option() -> click.Option:
    """--fast of the commands that score images."""
    return click.Option(
        ["--fast"],
        is_flag=True,
        default=False,
        help="Let texture and judge alone score, without the restorer: several times as fast, with its own threshold.",
    )


def asked_of(false_alarms: float | None, *, fast: bool) -> dict[str, Any]:
    """The options of the operation `anomaly` that the flags ask for."""
    stated = {} if false_alarms is None else {"false_alarms": false_alarms}
    return {**stated, **({"fast": True} if fast else {})}


def model_option() -> click.Option:
    """--vae of the commands that use a model."""
    return click.Option(
        ["--vae"], required=True, metavar="FILE", help="Model written by `vaeedit anomaly fit`."
    )


def model_file(name: str, exists: str) -> Path:
    """The file that a model is written to; raises UsageError for another ending, and for a file that must stay."""
    path = Path(name)
    if path.suffix != ".safetensors":
        raise UsageError(f"The name of a model's file must end in .safetensors; {name} does not.")
    refuse_existing([path], exists)
    return path
