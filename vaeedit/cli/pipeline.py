"""`vaeedit pipeline check` and `vaeedit pipeline schema`: what a pipeline file says, before anything runs."""

import click

from vaeedit.cli import console
from vaeedit.cli.batch import debug_option


def _check(pipeline: str, debug: bool) -> int:
    from vaeedit.pipeline import Pipeline, chains
    from vaeedit.plugins import registry

    plan = Pipeline.from_file(pipeline).check(registry())
    first = 1
    for number, step in enumerate(plan, 1):
        maps = f"; writes {', '.join(sorted(step.maps))}" if step.maps else ""
        console.say(f"{number}. {step}{maps}")
    for steps in chains(plan):
        last = first + len(steps) - 1
        if last > first:
            console.say(f"Steps {first} to {last} share one encode and one decode.")
        first = last + 1
    return console.OK


def _schema(debug: bool) -> int:
    import json

    from vaeedit.plugins import registry
    from vaeedit.schema import pipeline_schema

    console.say(json.dumps(pipeline_schema(registry()), indent=2))
    return console.OK


pipeline = click.Group("pipeline", help="Check pipeline files, and describe them to editors.")
pipeline.add_command(
    click.Command(
        "check",
        callback=_check,
        params=[click.Argument(["pipeline"], metavar="PIPELINE.yaml"), debug_option()],
        help="Report every fault of a pipeline file by its line, or print the plan; loads no model.",
    )
)
pipeline.add_command(
    click.Command(
        "schema",
        callback=_schema,
        params=[debug_option()],
        help="Print the JSON Schema of pipeline files, with the options of every installed operation.",
    )
)
