"""Pipelines as YAML, read and written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from vaeedit.documents import Place, line_of, read_yaml
from vaeedit.errors import PipelineError, suggestion
from vaeedit.options import shown
from vaeedit.pipeline.step import Step
from vaeedit.settings import STEP_KEYS

VERSION = 1
KEYS = ("version", "seed", "steps")
SEEDS = 10**100
"""Limit of seeds."""


@dataclass(frozen=True)
class Parsed:
    """What a YAML text says: its steps, its seed, the line of each part, and its faults, each with its place."""

    steps: list[Step]
    """A step that is none has an empty name."""
    seed: Any
    places: Mapping[Place, int]
    faults: list[tuple[Place, str]]


def parse_yaml(text: str) -> Parsed:
    """Parse a pipeline; raises PipelineError for a text that cannot be read or holds no mapping."""
    try:
        parsed_text = read_yaml(text)
    except ValueError as error:
        raise PipelineError([f"The pipeline cannot be read: {error}"]) from None
    document, places = parsed_text.value, parsed_text.lines
    if not isinstance(document, dict):
        raise PipelineError(["A pipeline is a mapping with the keys version, seed and steps."])
    faults = _head_faults(document)
    steps = document.get("steps")
    if not isinstance(steps, list):
        faults.append((("steps",), "The key steps must hold a list."))
        steps = []
    parsed = []
    for index, entry in enumerate(steps):
        try:
            parsed.append(_step(entry))
        except ValueError as error:
            parsed.append(Step(""))
            faults.append((("steps", index), f"step {index + 1}: {error}"))
    return Parsed(parsed, document.get("seed", 0), places, faults)


def to_yaml(steps: Iterable[Step], seed: int) -> str:
    """YAML of steps and a seed, the inverse of `parse_yaml`."""
    entries = []
    for step in steps:
        values: dict[str, Any] = dict(step.options)
        own = {"name": step.name, "vae": step.vae, "when": step.when, "maps": list(step.maps) or None}
        values |= {key: value for key, value in own.items() if value is not None}
        entries.append({step.operation: values})
    return msgspec.yaml.encode({"version": VERSION, "seed": seed, "steps": entries}).decode()


def with_line(places: Mapping[Place, int], place: Place, text: str) -> str:
    """The sentence, after the number of its line if that is known."""
    line = line_of(places, place)
    return text if line is None else f"line {line}: {text}"


def seed_faults(seed: Any) -> list[str]:
    """Sentences on what is wrong with a seed."""
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        return [f"The seed must be a whole number of at least 0, not {shown(seed)}."]
    return [] if seed < SEEDS else ["The seed has more than 100 digits."]


def _head_faults(document: Mapping[Any, Any]) -> list[tuple[Place, str]]:
    """The faults outside the steps."""
    faults: list[tuple[Place, str]] = [
        ((str(key),), f"A pipeline has no key {shown(key)}{suggestion(str(key), KEYS)}")
        for key in document
        if key not in KEYS
    ]
    if document.get("version") != VERSION:
        text = f"The pipeline's version must be {VERSION}, not {shown(document.get('version'))}."
        faults.append((("version",), text))
    return faults + [(("seed",), text) for text in seed_faults(document.get("seed", 0))]


def _step(entry: Any) -> Step:
    if isinstance(entry, str):
        return Step(entry)
    if not isinstance(entry, dict) or len(entry) != 1:
        raise ValueError("a step is a name, or one name with a mapping of options.")
    operation, values = next(iter(entry.items()))
    values = {} if values is None else values
    if not isinstance(operation, str) or not isinstance(values, dict):
        raise ValueError(f"the options of {shown(operation)} must be a mapping.")
    options = {str(key): value for key, value in values.items()}
    name, vae, when, maps = (options.pop(key, None) for key in STEP_KEYS)
    for key, value in (("vae", vae), ("name", name), ("when", when)):
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{key} must be text.")
    maps = [] if maps is None else maps
    if not isinstance(maps, list) or not all(isinstance(item, str) for item in maps):
        raise ValueError("maps must be a list of names.")
    return Step(operation, vae=vae, maps=maps, name=name, when=when, **options)
