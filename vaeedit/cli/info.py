"""`vaeedit info`: prints the properties of pictures, and how they were made."""

from collections.abc import Iterator
from typing import Any

import click

from vaeedit.cli import console
from vaeedit.cli.params import debug_option, json_option


def _info(files: tuple[str, ...], as_json: bool, debug: bool) -> int:
    from vaeedit.image import described_file

    for name in files:
        facts = described_file(name)
        if as_json:
            console.say_json(facts)
            continue
        for key, value in facts.items():
            if key != "made":
                console.say(f"{key}: {value}")
        console.say(*provenance_lines(facts["made"]))
    return console.OK


def provenance_lines(made: dict[str, Any] | None) -> Iterator[str]:
    """Yield the result of `made_of` as lines of text."""
    if made is None:
        yield "made by: not recorded"
    start = "made by: "
    while made is not None:
        yield f"{start}vaeedit {made['version']}, seed {made['seed']}"
        for number, step in enumerate(made["steps"], 1):
            options = ", ".join(f"{name}={value}" for name, value in step["options"].items())
            more = "".join(f", {key} {step[key]}" for key in ("name", "when") if step.get(key))
            yield f"  {number}. {step['operation']} ({options}){more}"
            if step.get("package"):
                yield f"     package {step['package']}"
            network = f", package {step['network']}" if step.get("network") else ""
            if step.get("vae"):
                yield f"     VAE {step['vae']}, SHA-256 {step.get('checksum')}{network}"
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
    help="Print the properties of pictures, and how they were made.",
    epilog="Example: vaeedit info edited.jpg",
)
