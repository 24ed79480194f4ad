"""`vaeedit info`: what a picture says about itself."""

from collections.abc import Iterator
from typing import Any

import click

from vaeedit.cli import console
from vaeedit.cli.batch import debug_option, json_option


def _info(files: tuple[str, ...], as_json: bool, debug: bool) -> int:
    from vaeedit.image import described_file

    for name in files:
        found = described_file(name)
        if as_json:
            console.say_json(found)
            continue
        for key, value in found.items():
            if key != "made":
                console.say(f"{key}: {value}")
        console.say(*told(found["made"]))
    return console.OK


def told(made: dict[str, Any] | None) -> Iterator[str]:
    """What `made_of` has found, in lines."""
    if made is None:
        yield "made by: nothing is noted"
    start = "made by: "
    while made is not None:
        yield f"{start}vaeedit {made['version']}, seed {made['seed']}"
        for number, step in enumerate(made["steps"], 1):
            options = ", ".join(f"{name}={value}" for name, value in step["options"].items())
            more = "".join(f", {key} {step[key]}" for key in ("name", "when") if step.get(key))
            yield f"  {number}. {step['operation']} ({options}){more}"
            yield f"     VAE {step.get('vae')}, SHA-256 {step.get('checksum')}"
        if made.get("earlier"):
            yield f"before that, {made['earlier']} more edits"
        made, start = made.get("before"), "before that, made by: "


info = click.Command(
    "info",
    callback=_info,
    params=[
        click.Argument(["files"], nargs=-1, required=True, metavar="FILES..."),
        json_option(),
        debug_option(),
    ],
    help="Say what pictures hold, and what made them.",
    epilog="Example: vaeedit info edited.jpg",
)
