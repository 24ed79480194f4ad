"""`vaeedit doctor`: what works here, and how to mend what does not. `vaeedit info`: what a picture says about itself."""

import click

from vaeedit.cli import console
from vaeedit.cli.batch import debug_option


def _doctor(as_json: bool, debug: bool) -> int:
    from dataclasses import asdict

    from vaeedit.doctor import examine
    from vaeedit.plugins import registry

    faults = 0
    for finding in examine(registry()):
        faults += not finding.fine
        if as_json:
            console.say_json(asdict(finding))
        else:
            console.say(f"{'ok   ' if finding.fine else 'WRONG'} {finding.what}: {finding.text}")
            if not finding.fine:
                console.say(f"      {finding.cure}")
    console.note("Everything works." if not faults else f"{faults} things do not work; see WRONG above.")
    return console.FAILED if faults else console.OK


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


_json = click.Option(["--json", "as_json"], is_flag=True, default=False, help="As JSON lines.")
doctor = click.Command(
    "doctor",
    callback=_doctor,
    params=[_json, debug_option()],
    help="Check versions, devices, precisions, plugins and extras, and say how to mend what is wrong.",
)
info = click.Command(
    "info",
    callback=_info,
    params=[click.Argument(["files"], nargs=-1, required=True, metavar="FILES..."), _json, debug_option()],
    help="Say what pictures hold, and what made them.",
)
