"""The checks of an operation that do not run it."""

import json
from collections.abc import Callable, Iterator
from functools import partial

import click

from vaeedit.cli.operations import operation_command
from vaeedit.options import as_dict, fields, flag_of, validate
from vaeedit.pipeline.pipeline import Pipeline, Step
from vaeedit.pipeline.schema import pipeline_schema
from vaeedit.run.operation import Edit, Inspect, Join, Operation
from vaeedit.testing.runs import run_checks
from vaeedit.testing.samples import option_values, required_options
from vaeedit.testing.targets import require_derived
from vaeedit.testing.trial import Trial


def operation_checks(trial: Trial) -> Iterator[tuple[str, Callable[[], None]]]:
    """All checks of an operation."""
    name = trial.spec.name
    yield f"{name}-target", partial(check_target, trial)
    yield f"{name}-yaml", partial(check_yaml, trial)
    yield f"{name}-help", partial(check_help, trial)
    yield f"{name}-schema", partial(check_schema, trial)
    if trial.runs:
        yield from run_checks(trial)


def check_target(trial: Trial) -> None:
    """The target derives from Edit, Join or Inspect (without a VAE: from Operation) and defines its abstract methods."""
    spec = trial.spec
    bases = (Edit, Join, Inspect) if spec.uses_vae else (Operation,)
    otherwise = ", or declare uses_vae=False" if spec.uses_vae else ""
    require_derived(spec.target, bases, f"derive it from one of these{otherwise}")


def check_yaml(trial: Trial) -> None:
    """Options of every value are the same after writing and reading a pipeline file."""
    spec = trial.spec
    needed = dict.fromkeys(spec.needs, "other.png")
    vae = (trial.vae or "fitted.safetensors") if spec.uses_vae else None
    required = required_options(spec.options)
    for name, value in [(None, None), *option_values(spec.options)]:
        options = validate(spec.options, {**required, **({name: value} if name else {})})
        pipeline = Pipeline(Step(trial.name, vae=vae, maps=spec.maps, **as_dict(options), **needed), seed=3)
        (planned,) = Pipeline.from_yaml(pipeline.to_yaml()).check(trial.session.registry)
        assert planned.options == options, (
            f"{name}={value!r} becomes {planned.options} in a pipeline file; use a type that YAML can hold"
        )


def check_help(trial: Trial) -> None:
    """Its command can be made, and `--help` shows a sentence for each of its options, maps and extra inputs."""
    spec = trial.spec
    command = operation_command(trial.item)
    text = command.get_help(click.Context(command, info_name=spec.name))
    described = {
        name: param.help for param in command.params if isinstance(param, click.Option) for name in param.opts
    }
    for flag in (*map(flag_of, spec.options.__struct_fields__), *spec.maps, *spec.inputs):
        assert f"--{flag}" in text, f"`{spec.name} --help` does not show --{flag}; choose another name"
        assert described.get(f"--{flag}"), (
            f"--{flag} has no description; add one in the spec or with option()"
        )


def check_schema(trial: Trial) -> None:
    """The JSON Schema of pipelines can be made and written, and has all options."""
    schema = json.loads(json.dumps(pipeline_schema(trial.session.registry)))
    operations = schema["properties"]["steps"]["items"]["anyOf"][1]["properties"]
    known = operations[trial.name]["anyOf"][0]["properties"]
    for field in fields(trial.spec.options).values():
        assert field.flag in known, (
            f"the schema of pipelines lacks {field.flag}; declare it as a field of the options"
        )
