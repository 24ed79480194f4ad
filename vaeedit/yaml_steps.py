"""Pipelines as YAML, read and written."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from vaeedit.errors import PipelineError, suggestion
from vaeedit.places import Place, line_of, lines
from vaeedit.settings import STEP_KEYS
from vaeedit.steps import Step

VERSION = 1
KEYS = ("version", "seed", "steps")


def parse_yaml(text: str) -> tuple[list[Step], int, Mapping[Place, int]]:
    """Steps, seed and the lines they stand on; raises PipelineError with every fault of a document that is none."""
    try:
        document = msgspec.yaml.decode(text)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise PipelineError([f"The pipeline is not valid YAML: {error}"]) from None
    if not isinstance(document, dict):
        raise PipelineError(["A pipeline is a mapping with the keys version, seed and steps."])
    places = lines(text)
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
            faults.append((("steps", index), f"step {index + 1}: {error}"))
    if faults:
        raise PipelineError([with_line(places, place, sentence) for place, sentence in faults])
    return parsed, document.get("seed", 0), places


def to_yaml(steps: Iterable[Step], seed: int) -> str:
    """YAML from which `parse_yaml` makes the same."""
    entries = []
    for step in steps:
        values: dict[str, Any] = dict(step.options)
        own = {"name": step.name, "vae": step.vae, "when": step.when, "maps": list(step.maps) or None}
        values |= {key: value for key, value in own.items() if value is not None}
        entries.append({step.operation: values})
    return msgspec.yaml.encode({"version": VERSION, "seed": seed, "steps": entries}).decode()


def with_line(places: Mapping[Place, int], place: Place, text: str) -> str:
    """The sentence with the line it is about in front, where that is known."""
    line = line_of(places, place)
    return text if line is None else f"line {line}: {text}"


def seed_faults(seed: Any) -> list[str]:
    """What is wrong with a seed."""
    if isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0:
        return []
    return [f"The seed must be a whole number of at least 0, not {seed!r}."]


def _head_faults(document: Mapping[Any, Any]) -> list[tuple[Place, str]]:
    """What is wrong outside the steps."""
    faults: list[tuple[Place, str]] = [
        ((str(key),), f"A pipeline has no key {key!r}{suggestion(str(key), KEYS)}")
        for key in document
        if key not in KEYS
    ]
    if document.get("version") != VERSION:
        text = f"The pipeline's version must be {VERSION}, not {document.get('version')!r}."
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
        raise ValueError(f"the options of {operation!r} must be a mapping.")
    options = {str(key): value for key, value in values.items()}
    name, vae, when, maps = (options.pop(key, None) for key in STEP_KEYS)
    for key, value in (("vae", vae), ("name", name), ("when", when)):
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{key} must be text.")
    maps = [] if maps is None else maps
    if not isinstance(maps, list) or not all(isinstance(item, str) for item in maps):
        raise ValueError("maps must be a list of names.")
    return Step(operation, vae=vae, maps=maps, name=name, when=when, **options)
