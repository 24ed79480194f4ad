"""`vaeedit pipeline check` and `vaeedit pipeline schema`: check pipeline files without running them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vaeedit.cli import console
from vaeedit.cli.pages import CommandGroup
from vaeedit.cli.params import debug_option

if TYPE_CHECKING:
    from vaeedit.pipeline.plan import Plan


def _check(pipeline: str, debug: bool) -> int:
    from vaeedit.extension.registry import registry
    from vaeedit.pipeline.pipeline import Pipeline

    plan = Pipeline.from_file(pipeline).check(registry())
    memory = _expected_memory(plan)  # raises for a missing VAE file before anything is printed
    first = 1
    for number, step in enumerate(plan, 1):
        maps = f"; writes {', '.join(sorted(step.map_names.values()))}" if step.maps else ""
        console.say(f"{number}. {step}{maps}")
    for steps in plan.chains():
        last = first + len(steps) - 1
        if last > first:
            console.say(f"Steps {first} to {last} share one encode and one decode.")
        first = last + 1
    if memory:
        console.say(memory)
    return console.OK


def _expected_memory(plan: Plan) -> str:
    """Return a sentence; nothing for a plan without a VAE."""
    if not plan.uses_vae:
        return ""
    from vaeedit.extension.registry import registry
    from vaeedit.vae.files import find_vae
    from vaeedit.vae.footprint import expected_bytes

    memory = expected_bytes(find_vae(step.vae, registry()) for step in plan if step.vae)
    if memory is None:
        return "Expected memory: not known; `vaeedit evaluate --record` measures it for a VAE."
    return (
        f"Expected memory: {memory / 1e9:.1f} GB in float32, besides the pictures; less in bfloat16, and "
        "more for large pictures where it is free."
    )


def _schema(debug: bool) -> int:
    import json

    from vaeedit.extension.registry import registry
    from vaeedit.pipeline.schema import pipeline_schema

    console.say(*json.dumps(pipeline_schema(registry()), indent=2).splitlines())
    return console.OK


pipeline = CommandGroup("pipeline", help="Check pipeline files, or print their JSON Schema for editors.")
pipeline.add_command(
    click.Command(
        "check",
        callback=_check,
        params=[click.Argument(["pipeline"], metavar="PIPELINE.yaml"), debug_option()],
        help="Report every error of a pipeline file with its line; without errors, print the plan. Loads no model.",
        epilog="Example: vaeedit pipeline check restore.yaml",
    )
)
pipeline.add_command(
    click.Command(
        "schema",
        callback=_schema,
        params=[debug_option()],
        help="Print the JSON Schema of pipeline files, with the options of every installed operation.",
        epilog="Example: vaeedit pipeline schema",
    )
)
