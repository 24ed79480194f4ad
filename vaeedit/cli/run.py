"""`vaeedit run` and `vaeedit chain`: a pipeline, from a YAML file or in one line, over images."""

from typing import Any

import click

from vaeedit.cli.operations import file_options
from vaeedit.cli.params import click_options
from vaeedit.cli.targets import plan
from vaeedit.errors import UsageError, suggestion
from vaeedit.settings import Settings


def _callback(**values: Any) -> int:
    from vaeedit.pipeline import Pipeline

    pipeline = Pipeline.from_file(values["pipeline"])
    for assignment in values["assignments"]:
        pipeline = _assign(pipeline, assignment)
    return _execute(pipeline, values)


def _chain(**values: Any) -> int:
    from vaeedit.one_line import parse_line

    return _execute(parse_line(values["line"]), values)


def _execute(pipeline: Any, values: dict[str, Any]) -> int:
    from vaeedit.cli.execute import Extras, execute

    jobs = plan(
        values["inputs"], values["output"], "edited", exists=values["exists"], in_place=values["in_place"]
    )
    settings = {name: values[name] for name in Settings.__struct_fields__}
    pictures = {"compare": values["compare"]} if values["compare"] else {}
    maps = tuple(dict.fromkeys(name for step in pipeline.steps for name in step.maps))
    extras = Extras(pictures, maps, values["exists"] == "overwrite", values["as_json"], values["debug"])
    return execute(pipeline, settings, jobs, extras)


def _assign(pipeline: Any, assignment: str) -> Any:
    """The pipeline with one option replaced: 'denoise.strength=0.4'."""
    from vaeedit.pipeline import Pipeline, Step

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
        return Step(step.operation, maps=step.maps, name=step.name, **values)

    steps = [changed(step) if step.label == operation else step for step in pipeline.steps]
    return Pipeline(*steps, seed=pipeline.seed)


run = click.Command(
    "run",
    callback=_callback,
    params=[
        click.Argument(["pipeline"], metavar="PIPELINE.yaml"),
        *file_options(),
        click.Option(
            ["--set", "assignments"], multiple=True, metavar="STEP.OPTION=VALUE", help="Replace an option."
        ),
        *click_options(Settings),
    ],
    help="Run a pipeline from a YAML file over images.",
)

chain = click.Command(
    "chain",
    callback=_chain,
    params=[
        click.Argument(["line"], metavar="'OPERATION --OPTION VALUE | OPERATION ...'"),
        *file_options(),
        *click_options(Settings),
    ],
    help="Run a pipeline given in one line: vaeedit chain 'denoise --strength .6 | super-resolve' in.jpg -o out.png",
)
