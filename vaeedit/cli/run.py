"""`vaeedit run` and `vaeedit chain`: run a pipeline from a YAML file or from one line on images."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from vaeedit.cli.batch import run_on_files
from vaeedit.cli.operations import plain_operations
from vaeedit.cli.pages import SectionedCommand, write_example
from vaeedit.cli.params import image_command
from vaeedit.errors import UsageError, suggestion


def _callback(**values: Any) -> int:
    from vaeedit.cli.repeat import here, require_harmless, require_present, show
    from vaeedit.pipeline.pipeline import Pipeline
    from vaeedit.pipeline.recipe import recipe_of

    assignments = values["assignments"]
    if values["made"] is not None:
        recipe = recipe_of(values["made"])
        show(recipe)
        chosen = [text.partition("=")[0] for text in assignments]
        if not values["trust"]:
            require_harmless(recipe, chosen, values["vae"])
        pipeline = _assigned(here(recipe), assignments)
        require_present(recipe, pipeline.steps, values["vae"], values["inputs"], chosen)
        return _execute(pipeline, values, [("the picture of --from", Path(values["made"]))])
    if values["trust"]:
        raise UsageError("--trust goes with --from; a pipeline file is always trusted.")
    if len(values["inputs"]) < 2:
        raise UsageError("vaeedit run takes a pipeline file and at least one input.")
    name, *inputs = values["inputs"]
    pipeline, read = _assigned(Pipeline.from_file(name), assignments), [("the pipeline file", Path(name))]
    return _execute(pipeline, {**values, "inputs": inputs}, read)


def _chain(**values: Any) -> int:
    from vaeedit.pipeline.one_line import parse_line

    return _execute(parse_line(values["line"]), values)


def _execute(pipeline: Any, values: dict[str, Any], read: Iterable[tuple[str, Path]] = ()) -> int:
    from vaeedit.extension.registry import registry

    plan = pipeline.check(registry(), values["vae"])
    maps = [name for step in plan for name in sorted(step.map_names.values())]
    return run_on_files(plan, values, "edited", {}, maps, read)


def _assigned(pipeline: Any, assignments: Sequence[str]) -> Any:
    """Return the pipeline with options replaced."""
    for assignment in assignments:
        pipeline = _assign(pipeline, assignment)
    return pipeline


def _assign(pipeline: Any, assignment: str) -> Any:
    """Return the pipeline with one option replaced: 'STEP.strength=0.4'."""
    from vaeedit.pipeline.pipeline import Pipeline, Step

    target, equals, value = assignment.partition("=")
    operation, dot, option = target.rpartition(".")
    if not equals or not dot:
        raise UsageError(f"--set {assignment} must look like STEP.OPTION=VALUE.")
    names = [step.label for step in pipeline.steps]
    if operation not in names:
        raise UsageError(
            f"--set {assignment}: the pipeline has no step {operation!r}{suggestion(operation, names)}"
        )
    if option in ("maps", "name"):
        raise UsageError(f"--set {assignment}: {option} cannot be set.")

    def changed(step: Step) -> Step:
        values = {**step.options, "vae": step.vae, option: value}
        return Step(step.operation, maps=step.maps, name=step.name, **{"when": step.when, **values})

    steps = [changed(step) if step.label == operation else step for step in pipeline.steps]
    return Pipeline(*steps, seed=pipeline.seed, folder=pipeline.folder)


class _ChainCommand(SectionedCommand):
    """Its example chains installed operations."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example, if there are operations."""
        if names := plain_operations():
            write_example(formatter, f"vaeedit chain '{names[0]} | {names[-1]}' in.jpg -o out.png")


run = image_command(
    "run",
    [
        click.Option(
            ["--from", "made"],
            metavar="PICTURE",
            help="Run the pipeline that made this picture, instead of a pipeline file.",
        ),
        click.Option(
            ["--trust"],
            is_flag=True,
            default=False,
            help="With --from: also open other VAEs, pictures and maps that the picture names.",
        ),
        click.Option(
            ["--set", "assignments"],
            multiple=True,
            metavar="STEP.OPTION=VALUE",
            help="Replace an option of a step; may be repeated.",
        ),
    ],
    _callback,
    inputs="[PIPELINE.yaml] INPUTS...",
    help="Run a pipeline from a YAML file on images.",
    epilog="Example: vaeedit run steps.yaml photos/ -o restored/ --workers 2",
)

chain = image_command(
    "chain",
    [click.Argument(["line"], metavar="'OPERATION --OPTION VALUE | OPERATION ...'")],
    _chain,
    kind=_ChainCommand,
    help="Run a pipeline from one line on images; its steps are separated by |.",
)
