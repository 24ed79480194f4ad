"""Makes click parameters from declared options, and the options that all commands on images share."""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vaeedit.batch.jobs import EXISTS
from vaeedit.batch.journal import NAME
from vaeedit.batch.template import FIELDS
from vaeedit.cli.pages import SectionedCommand
from vaeedit.errors import OptionError, UsageError
from vaeedit.extension.reserved import FLAGS
from vaeedit.image.files import FORMATS
from vaeedit.options import Field, Options, fields
from vaeedit.settings import DAMAGED, POLICIES, Quality, Settings

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

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

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list["CompletionItem"]:
        """Return the words that the value may be."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(word) for word in self.field.choices if word.startswith(incomplete)]


class Duration(click.ParamType[float]):
    """A click type for times such as '90s', '45m' or '2h'; the value is in seconds."""

    name = "duration"
    """The name of this type in the messages of click."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse one value."""
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", str(value))
        if match is None or float(match[1]) <= 0:
            self.fail(f"{value!r} is not a time; write for example 90s, 45m or 2h.", param, ctx)
        return float(match[1]) * UNITS[match[2]]


class EncodeQuality(click.ParamType[Quality]):
    """A click type for a quality from 1 to 100, or lossless."""

    name = "quality"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Quality:
        """Parse one value."""
        if value == "lossless":
            return "lossless"
        if not re.fullmatch(r"[1-9]\d?|100", str(value)):
            self.fail(
                f"{value!r} is not a quality; write a whole number from 1 to 100, or lossless.", param, ctx
            )
        return int(value)


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
            words = words.partition(", each ")[0].partition(": ")[0].replace("a list", "LIST")
            parts.append(words.replace(" or ", "|").replace("text", "TEXT"))
    return "|".join(parts)


def file_options(inputs: str = "INPUTS...") -> list[click.Parameter]:
    """Return the inputs and the flags for files, workers and printing."""
    options = [
        click.Argument(["inputs"], nargs=-1, required=True, metavar=inputs),
        _option("-o", "--output", metavar="FILE|DIR|TEMPLATE|-",
                help="Output file or folder, - for standard output, or a template with "
                f"{', '.join(map('{{{}}}'.format, FIELDS))}; by default IN.OPERATION.jpg beside the input."),
        _option("--format", kind=click.Choice([ending[1:] for ending in FORMATS]), metavar="EXTENSION",
                help="Format of the outputs, as an extension such as png; by default that of each input."),
        _option("--encode-quality", kind=EncodeQuality(), metavar="1..100|lossless",
                help="Quality of outputs in lossy formats; by default that of each input, but no worse than 88."),
        _option("-r", "--recursive", help="Also search the sub-folders of folders; the output folder mirrors them."),
        _option("--in-place", help="Replace the inputs by the results."),
        _option("--exists", kind=click.Choice(EXISTS), default="error",
                help="What to do if an output exists; error: do nothing at all, unique: add a number to the name."),
        _option("--compare", metavar="FILE", help="Also write a before/after picture; with several inputs, to this folder."),
        _option("--dry-run", help="Print what would be done, and do nothing."),
        _option("--metadata", kind=click.Choice(POLICIES), default="keep",
                help="Metadata (EXIF, XMP, ...) that outputs keep; minimal: the color profile."),
        _option("--damaged", kind=click.Choice(DAMAGED), default="error",
                help="What to do with a damaged picture; warn: edit the part that can be read."),
        _option("--no-provenance", help="Do not record in the outputs how they were made."),
        _option("--workers", kind=click.IntRange(1), default=1, metavar="N", help="Processes that work in parallel."),
        _option("--threads", kind=click.IntRange(1), metavar="N",
                help="CPU threads of each worker; by default the cores are divided among the workers."),
        _option("--time-limit", kind=Duration(), metavar="TIME",
                help="Time for one picture, such as 90s or 2m; one that takes longer fails. No limit by default."),
        _option("--engine", kind=click.Choice(("local", "dask")), default="local",
                help="Where the work is done: on this machine, or on a Dask cluster."),
        _option("--scheduler", metavar="ADDRESS",
                help="Address of a Dask scheduler; without it, --engine dask starts a cluster on this machine."),
        _option("--journal", metavar="FILE",
                help=f"File that gets one JSON line for every picture; by default {NAME} in the output folder."),
        _option("--resume", help="Skip outputs that the journal records as complete; make all others."),
        _option("--watch", help="Wait for new pictures in the folders, until Ctrl-C."),
        _option("--fail-fast", help="Stop at the first file that fails."),
        _option("--allow-cpu", help="Edit pictures on the CPU that do not fit into the memory of the GPU."),
        _option("--report", metavar="FILE", help="Write a summary of the run as JSON to this file."),
        _option("--json", "as_json", help="Print one JSON line per picture."),
        _option("-q", "--quiet", help="Print only warnings and errors, and no progress."),
        debug_option(),
    ]  # fmt: skip
    made = {str(option.name): option for option in options}
    return [made[name] for name in FLAGS]


def image_command(
    name: str,
    params: Sequence[click.Parameter],
    callback: Callable[..., int],
    *,
    inputs: str = "INPUTS...",
    only: Collection[str] | None = None,
    without: Collection[str] = (),
    kind: type[SectionedCommand] = SectionedCommand,
    **texts: str,
) -> click.Command:
    """Return a command on images: its own `params`, then settings, then `file_options`.

    Of the last two it has `only` those named, and all `without` some.
    """

    def wanted(options: Iterable[click.Parameter]) -> list[click.Parameter]:
        return [one for one in options if (only is None or one.name in only) and one.name not in without]

    argument, *files = wanted(file_options(inputs))
    sections: dict[str, Sequence[click.Parameter]] = {
        "Options": [*params, argument],
        "How it runs": wanted(click_options(Settings)),
        "Files": files,
    }
    return kind(name, sections, callback=callback, **texts)


def exists_option() -> click.Option:
    """Return --exists for commands that make no batch: they replace an output or refuse to."""
    return click.Option(
        ["--exists"], type=click.Choice(["error", "overwrite"]), default="error", show_default=True,
        help="What to do if an output file exists.",
    )  # fmt: skip


def refuse_existing(paths: Iterable[Path], exists: str) -> None:
    """Raise UsageError for a file that exists and must not be replaced; called before any work."""
    for path in paths:
        if exists == "error" and path.exists():
            raise UsageError(f"{path} exists already; use --exists overwrite, or another name.")


def device_option() -> click.Option:
    """Return --device for commands that make no batch."""
    return click.Option(
        ["--device"], default="auto", show_default=True, help="Device to compute on: auto, cpu, cuda, cuda:N or mps."
    )  # fmt: skip


def debug_option() -> click.Option:
    """Return the option --debug, which every command has."""
    return _option("--debug", help="Show the traceback of an error.")


def json_option() -> click.Option:
    """Return the option --json of commands that print facts."""
    return _option("--json", "as_json", help="Print one JSON line per item.")


def _option(
    *names: str,
    help: str,
    kind: click.ParamType[Any] | None = None,
    metavar: str | None = None,
    default: Any = None,
) -> click.Option:
    """Return an option; a flag, unless it has a kind or a metavar."""
    if kind is None and metavar is None:
        return click.Option([*names], is_flag=True, default=False, help=help)
    shown = default is not None
    return click.Option([*names], type=kind, default=default, show_default=shown, metavar=metavar, help=help)
