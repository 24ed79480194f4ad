"""`vaeedit doctor`: checks what works on this machine, and says how to repair what does not."""

import click

from vaeedit.cli import console
from vaeedit.cli.params import debug_option, json_option


def _doctor(as_json: bool, debug: bool) -> int:
    from dataclasses import asdict

    from vaeedit.doctor import examine
    from vaeedit.extension.registry import registry

    faults = 0
    for finding in examine(registry()):
        faults += not finding.fine
        if as_json:
            console.say_json(asdict(finding))
        else:
            console.say(f"{'ok   ' if finding.fine else 'WRONG'} {finding.what}: {finding.text}")
            if not finding.fine:
                console.say(f"      {finding.cure}")
    console.note("Everything works." if not faults else f"{faults} checks failed; see WRONG above.")
    return console.FAILED if faults else console.OK


doctor = click.Command(
    "doctor",
    callback=_doctor,
    params=[json_option(), debug_option()],
    help="Check versions, devices, precisions, plugins and extras, and say how to repair what does not work.",
    epilog="Example: vaeedit doctor",
)
