"""What one request of `vaeedit serve` asks for, and its reply. A request names no file of this machine."""

import json
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from vaeedit.batch.batch_spec import BatchSpec
from vaeedit.batch.jobs import Job
from vaeedit.batch.memory import run_within_memory
from vaeedit.batch.outputs import Outputs
from vaeedit.errors import UnknownName, UsageError, suggestion
from vaeedit.image import FORMATS, format_in, opened, single
from vaeedit.options import Field, fields, name_of
from vaeedit.pipeline.one_line import parse_line
from vaeedit.pipeline.pipeline import Pipeline, Step
from vaeedit.pipeline.plan import Plan
from vaeedit.run.session import Session
from vaeedit.settings import STEP_KEYS, Settings

WARNINGS, LONGEST, NOTES = 20, 1000, 8000
"""Most warnings of a reply and characters of each, and of the notes: programs refuse long headers."""


class Refused(Exception):
    """A request that is answered by this status and sentence."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Reply:
    """The body of a reply and its headers."""

    body: bytes
    headers: list[tuple[str, str]]


def planned(session: Session, operation: str, given: dict[str, Any]) -> Plan:
    """The plan of a request; raises Refused for an unknown operation, and UsageError for all that is wrong."""
    known = session.registry
    seed = fields(Settings)["seed"].parse(given.pop("seed", 0))
    if operation == "run":
        steps = parse_line(str(given.pop("line", ""))).steps
    else:
        try:
            known.operations.find(operation)
        except UnknownName as error:
            raise Refused(404, str(error)) from None
        vae = given.pop("vae", None)
        _require_no_keys(given)
        steps, given = (Step(operation, vae=vae, **given),), {}
    if given:
        raise UsageError(f"A line of operations goes with seed and format only, not with {', '.join(given)}.")
    for step in steps:
        _require_harmless(step, session)
    plan = Pipeline(*steps, seed=seed).check(known)
    if any(step.extra_inputs or step.maps for step in plan):
        raise UsageError(
            "A request holds one picture and gets one: other pictures, masks and maps are not for it."
        )
    return plan


def _require_no_keys(given: dict[str, Any]) -> None:
    """Raise UsageError for a key of a step, such as `maps`."""
    for key in STEP_KEYS:
        if key in given:
            raise UsageError(f"{key} is not an option of a request.")


def _require_harmless(step: Step, session: Session) -> None:
    """Raise UsageError for a VAE that is not installed, and for an option of any text, which may name a file."""
    weights = session.registry.weights
    if step.vae is not None and not (isinstance(step.vae, str) and step.vae in weights):
        raise UsageError(f"vae must be the name of an installed VAE{suggestion(str(step.vae), weights.bare)}")
    options = fields(session.registry.operations.find(step.operation).spec.options)
    for key in step.options:
        if (field := options.get(name_of(key))) is not None and field.is_free:
            raise UsageError(f"{field.flag} takes any text, which may name a file, and is not for requests.")


def edited(session: Session, plan: Plan, data: bytes, ending: str | None) -> Reply:
    """The edited picture, encoded as on the command line; raises VaeeditError."""
    kind = format_in(data, "The picture")
    source = Path("picture").with_suffix(next(key for key, value in FORMATS.items() if value == kind))
    job = Job(source, source.with_suffix(ending or source.suffix))
    pages = (single if plan.film else opened)(data, job.name)
    outputs, notes = Outputs(BatchSpec(plan, session.settings), job, pages), dict[str, Any]()
    for frame in pages:
        result = run_within_memory(session, plan, frame).result
        outputs.add(frame, result)
        notes = notes or dict(result.notes)
    encoded = outputs.finish()
    headers = [
        ("Content-Type", mimetypes.guess_type(job.output)[0] or "application/octet-stream"),
        *(("Vaeedit-Warning", json.dumps(text[:LONGEST])) for text in encoded.warnings[:WARNINGS]),
    ]
    said = json.dumps(notes)
    return Reply(encoded.data, [*headers, *([("Vaeedit-Notes", said)] if len(said) <= NOTES else [])])


def listed(session: Session) -> dict[str, Any]:
    """The operations that need only a picture, with their options, as JSON can hold them."""
    found = {}
    for name, item in sorted(session.registry.operations.bare.items()):
        options = fields(item.spec.options).values()
        if not item.spec.needs and not any(field.is_free and field.required for field in options):
            shown = {field.flag: _shown(field) for field in options if not field.is_free}
            found[name] = {"summary": item.spec.summary, "options": shown}
    return found


def _shown(field: Field) -> dict[str, Any]:
    default = {} if field.required else {"default": msgspec.to_builtins(field.default)}
    return {"value": field.expects, **default, "meaning": field.description}
