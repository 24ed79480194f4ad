"""The command of an operation, generated from its spec: `vaeedit denoise in.jpg`."""

from typing import Any

import click

from vaeedit.cli.params import click_options
from vaeedit.cli.targets import EXISTS, plan
from vaeedit.plugins import Provided
from vaeedit.settings import Settings
from vaeedit.specs import OperationSpec


def file_options() -> list[click.Parameter]:
    """Inputs, and the flags about files that every command on images has."""
    return [
        click.Argument(["inputs"], nargs=-1, required=True, metavar="INPUTS..."),
        click.Option(
            ["-o", "--output"],
            metavar="FILE|DIR|-",
            help="Where the result goes; by default in.OPERATION.jpg beside the input.",
        ),
        click.Option(["--in-place"], is_flag=True, default=False, help="Replace the inputs."),
        click.Option(
            ["--exists"],
            type=click.Choice(EXISTS),
            default="error",
            show_default=True,
            help="What to do where an output exists.",
        ),
        click.Option(["--compare"], metavar="FILE", help="Also write a before/after picture."),
        click.Option(
            ["--json", "as_json"], is_flag=True, default=False, help="Report as one JSON line a file."
        ),
        debug_option(),
    ]


def debug_option() -> click.Option:
    """Every command has it; errors then come with their traceback."""
    return click.Option(["--debug"], is_flag=True, default=False, help="Show the traceback of an error.")


def operation_command(provided: Provided[OperationSpec]) -> click.Command:
    """Build the click command of an operation."""
    spec = provided.spec
    maps = [
        click.Option([f"--{name}", f"map_{name}"], metavar="FILE", help=text)
        for name, text in spec.maps.items()
    ]

    def callback(**values: Any) -> int:
        return _run_operation(provided, values)

    help_text = spec.summary
    if provided.distribution != "vaeedit":
        help_text += f"\n\nFrom the package {provided.distribution}."
    return click.Command(
        spec.name,
        callback=callback,
        params=[*file_options(), *maps, *click_options(spec.options), *click_options(Settings)],
        help=help_text,
        short_help=spec.summary,
    )


def _run_operation(provided: Provided[OperationSpec], values: dict[str, Any]) -> int:
    from vaeedit.cli.execute import Extras, execute
    from vaeedit.pipeline import Pipeline, Step

    spec = provided.spec
    pictures = {name: values[f"map_{name}"] for name in spec.maps if values[f"map_{name}"]}
    maps = tuple(pictures)
    if values["compare"]:
        pictures["compare"] = values["compare"]
    jobs = plan(
        values["inputs"], values["output"], spec.name, exists=values["exists"], in_place=values["in_place"]
    )
    options = {name: values[name] for name in spec.options.__struct_fields__}
    step = Step(f"{provided.plugin}:{spec.name}", maps=maps, **options)
    settings = {name: values[name] for name in Settings.__struct_fields__}
    extras = Extras(pictures, (), values["exists"] == "overwrite", values["as_json"], values["debug"])
    return execute(Pipeline(step), settings, jobs, extras)
