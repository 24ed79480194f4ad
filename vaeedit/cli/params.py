"""Makes click parameters from declared options."""

import re
from typing import Any

import click

from vaeedit.errors import OptionError
from vaeedit.options import Field, Options, fields

UNITS = {"s": 1, "m": 60, "h": 3600}


class FieldType(click.ParamType[Any]):
    """A click type that converts and checks a value as the option's declaration says."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.name = field.flag

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse one value; click turns a failure into a usage error."""
        if value is None and not self.field.required:
            return None
        try:
            return self.field.parse(value, f"--{self.field.flag}")
        except OptionError as error:
            self.fail(str(error), param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return what help shows after the flag."""
        return _metavar(self.field.expects)


class Duration(click.ParamType[float]):
    """A click type for times such as '90s', '45m' or '2h'; the value is in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse one value."""
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", str(value))
        if match is None or float(match[1]) <= 0:
            self.fail(f"{value!r} is not a time; write for example 90s, 45m or 2h.", param, ctx)
        return float(match[1]) * UNITS[match[2]]


def click_options(cls: type[Options]) -> list[click.Option]:
    """Return one click option for each field of an options class."""
    return [_click_option(field) for field in fields(cls).values()]


def _click_option(field: Field) -> click.Option:
    shown = not field.required and field.default is not None
    if field.is_flag:
        return click.Option(
            [f"--{field.flag}/--no-{field.flag}", field.name],
            default=bool(field.default),
            show_default=True,
            help=field.description,
        )
    return click.Option(
        [f"--{field.flag}", field.name],
        type=FieldType(field),
        required=field.required,
        show_default=shown,
        help=field.description,
        **({} if field.required else {"default": field.default}),  # click takes even None as a given default
    )


def _metavar(expects: str) -> str:
    """'a number from 0 to 75, or auto' -> '0..75|auto'."""
    parts = []
    for part in expects.replace(", or nothing", "").split(", or "):
        words = part.removeprefix("a whole number").removeprefix("a number").strip()
        if part.startswith(("a number", "a whole number")):
            low_high = words.removeprefix("from ").split(" to ")
            parts.append("..".join(low_high) if words.startswith("from") else "N")
        else:
            parts.append(words.replace(" or ", "|").replace("text", "TEXT").replace("a list", "LIST"))
    return "|".join(parts)
