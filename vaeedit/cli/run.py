"""`vaeedit run` and `vaeedit chain`: a pipeline, from a YAML file or in one line, over images."""

from typing import Any

import click

from vaeedit.cli import console
from vaeedit.cli.batch import file_options, run_on_files
from vaeedit.cli.params import click_options
from vaeedit.errors import UsageError, suggestion
from vaeedit.settings import Settings


def _callback(**values: Any) -> int:
    from vaeedit.pipeline import Pipeline

    if values["made"] is None:
        if len(values["inputs"]) < 2:
            raise UsageError("vaeedit run takes a pipeline file and at least one input.")
        name, *inputs = values["inputs"]
        pipeline, values = Pipeline.from_file(name), {**values, "inputs": inputs}
    else:
        pipeline = _repeated(values["made"])
    for assignment in values["assignments"]:
        pipeline = _assign(pipeline, assignment)
    return _execute(pipeline, values)


def _repeated(name: str) -> Any:
    """The pipeline that made a picture; raises UsageError where the picture does not say."""
    from vaeedit.image import made_of, read
    from vaeedit.pipeline import Pipeline, Step
    from vaeedit.plugins import registry
    from vaeedit.vae.files import checksum, find_vae

    made = made_of(read(name).metadata)
    if made is None:
        raise UsageError(f"{name} does not say what made it.")
    try:
        steps = [Step(step["operation"], vae=step["vae"], **step["options"]) for step in made["steps"]]
        known = {step["vae"]: step["checksum"] for step in made["steps"]}
        seed = int(made["seed"])
    except (KeyError, TypeError, ValueError):
        raise UsageError(f"What {name} says of how it was made is damaged.") from None
    for vae, before in known.items():
        if checksum(find_vae(vae, registry())) != before:
            console.warn(f"{name} was made with another version of the VAE {vae}.")
    return Pipeline(*steps, seed=seed)


def _chain(**values: Any) -> int:
    from vaeedit.one_line import parse_line

    return _execute(parse_line(values["line"]), values)


def _execute(pipeline: Any, values: dict[str, Any]) -> int:
    maps = tuple(dict.fromkeys(name for step in pipeline.steps for name in step.maps))
    return run_on_files(pipeline, values, "edited", {}, maps)


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
        return Step(step.operation, maps=step.maps, name=step.name, **{"when": step.when, **values})

    steps = [changed(step) if step.label == operation else step for step in pipeline.steps]
    return Pipeline(*steps, seed=pipeline.seed, folder=pipeline.folder)


run = click.Command(
    "run",
    callback=_callback,
    params=[
        *file_options("[PIPELINE.yaml] INPUTS..."),
        click.Option(
            ["--from", "made"],
            metavar="PICTURE",
            help="Do what made this picture, instead of a pipeline file.",
        ),
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
