"""The note about the edits that made a picture: a few edits at most, and names of files instead of their places.

A note that is read may come from anybody, so its members are checked, and one that is nested too deep is refused.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

EDITS = 8
"""Most edits of a note; the earlier ones are counted."""
DEEPEST = 16
"""Most levels of lists and mappings in one edit of a note."""
_LARGEST = 1 << 53
_PLACE = re.compile(r"/|~|\\\\|[A-Za-z]:[\\/]|file:")
"""Beginnings of text that reveals where on a machine a file is."""


class MadeStep(msgspec.Struct, omit_defaults=True):
    """One step of an edit."""

    operation: str
    options: dict[str, Any]
    vae: str | None = None
    checksum: str | None = None
    name: str | None = None
    when: str | None = None
    package: str = ""
    """Name and version of the operation's package."""
    network: str = ""
    """Name and version of the package whose code the VAE ran."""


class Made(msgspec.Struct):
    """One edit."""

    version: str = ""
    seed: Annotated[int, msgspec.Meta(ge=0)] = 0
    precision: str = "auto"
    steps: Annotated[list[MadeStep], msgspec.Meta(max_length=256)] = []
    earlier: int = 0
    """Number of edits before this one that are left out."""


def edits_of(made: Any) -> list[Made]:
    """The edits of a mapping that holds the previous edit as `before`, the last one first; stops at an invalid one."""
    chain: list[dict[str, Any]] = []
    while isinstance(made, dict):
        chain.append({key: value for key, value in made.items() if key != "before"})
        made = made.get("before")
    edits: list[Made] = []
    for members in chain[:EDITS]:
        if _is_deep(members):
            break
        try:
            edits.append(msgspec.convert(members, Made))
        except msgspec.ValidationError:
            break
    counts = [members.get("earlier") for members in chain]
    omitted = sum(min(max(count, 0), _LARGEST) for count in counts if isinstance(count, int))
    return _shortened(edits, omitted + len(chain) - len(edits))


def mapping_of(edits: list[Made]) -> dict[str, Any] | None:
    """The inverse of `edits_of`; None for no edits."""
    made: dict[str, Any] | None = None
    for edit in reversed(edits):
        members = msgspec.to_builtins(edit)
        if not members["earlier"]:
            del members["earlier"]
        made = members if made is None else {**members, "before": made}
    return made


def notes(edits: list[Made]) -> Iterator[str]:
    """The edits as JSON without places of this machine: all of them, then one fewer each time, until one is left."""
    edits = [_public(edit) for edit in edits]
    omitted = sum(edit.earlier for edit in edits)
    for count in range(len(edits), 0, -1):
        shorter = _shortened(edits[:count], omitted + len(edits) - count)
        yield msgspec.json.encode(mapping_of(shorter)).decode()


def file_name(text: str) -> str:
    """The last part of a path of any operating system."""
    return re.split(r"[/\\]", text.rstrip("/\\"))[-1] or text


def is_place(text: str) -> bool:
    """Whether a text begins as one that reveals where on a machine a file is."""
    return _PLACE.match(text) is not None


def _shortened(edits: list[Made], omitted: int) -> list[Made]:
    """The edits, the last of which counts the `omitted` ones before it."""
    counts = [0] * (len(edits) - 1) + [min(omitted, _LARGEST)]
    return [msgspec.structs.replace(edit, earlier=count) for edit, count in zip(edits, counts, strict=False)]


def _is_deep(value: Any) -> bool:
    """Whether lists and mappings are nested too deep; goes level by level, so any depth is safe to examine."""
    level = [value]
    for _ in range(DEEPEST):
        mappings = [inner for outer in level if isinstance(outer, dict) for inner in outer.values()]
        level = mappings + [inner for outer in level if isinstance(outer, list) for inner in outer]
    return bool(level)


def _public(edit: Made) -> Made:
    """The edit without places of this machine."""
    steps = []
    for step in edit.steps:
        vae = file_name(step.vae) if step.vae and step.vae.endswith(".safetensors") else step.vae
        clean = {"vae": vae, "options": step.options, "name": step.name, "when": step.when}
        steps.append(msgspec.structs.replace(step, **_without_places(clean)))
    return msgspec.structs.replace(edit, steps=steps)


def _without_places(value: Any) -> Any:
    """The value as valid UTF-8, with the name of the file instead of every absolute path."""
    if isinstance(value, dict):
        return {_without_places(key): _without_places(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_places(inner) for inner in value]
    if not isinstance(value, str):
        return value
    text = value.encode("utf-8", "backslashreplace").decode()
    return file_name(text) if is_place(text) else text
