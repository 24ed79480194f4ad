"""`vaeedit info`: what a picture says about itself."""

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
        console.say(_story(found["made"]))
    return console.OK


def _story(made: object) -> str:
    if not isinstance(made, dict):
        return "made by: nothing is noted"
    lines = [f"made by: vaeedit {made.get('version', '')}, seed {made.get('seed', 0)}"]
    for number, step in enumerate(made.get("steps", []), 1):
        options = ", ".join(f"{name}={value}" for name, value in step["options"].items())
        lines.append(f"  {number}. {step['operation']} ({options})")
        lines.append(f"     VAE {step['vae']}, SHA-256 {step['checksum']}")
    if "before" in made:
        lines.append(f"before that, {_story(made['before'])}")
    return "\n".join(lines)


info = click.Command(
    "info",
    callback=_info,
    params=[
        click.Argument(["files"], nargs=-1, required=True, metavar="FILES..."),
        json_option(),
        debug_option(),
    ],
    help="Say what pictures hold, and what made them.",
)
