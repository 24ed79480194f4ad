"""What a note of an edit says: never more than a few edits, and names of files, not where they are.

Anybody may have written a note that is read, so its members are checked and what is too deep is refused.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

TOLD = 8
"""Edits that a note tells; the earlier ones are counted."""
DEEPEST = 16
"""Lists and mappings inside each other in one edit of a note."""
_LARGEST = 1 << 53
_PLACE = re.compile(r"/|~|\\\\|[A-Za-z]:[\\/]|file:")
"""How text begins that says where on a machine a file is."""


class MadeStep(msgspec.Struct, omit_defaults=True):
    """One step of an edit."""

    operation: str
    options: dict[str, Any]
    vae: str | None = None
    checksum: str | None = None
    name: str | None = None
    when: str | None = None


class Made(msgspec.Struct):
    """One edit."""

    version: str = ""
    seed: Annotated[int, msgspec.Meta(ge=0)] = 0
    precision: str = "auto"
    steps: Annotated[list[MadeStep], msgspec.Meta(max_length=256)] = []
    earlier: int = 0
    """How many edits before this one are not told."""


def parse(text: str) -> list[Made]:
    """The edits of a note, the last one first; none where it is no note."""
    try:
        return edits_of(msgspec.json.decode(text))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return []


def edits_of(made: Any) -> list[Made]:
    """The edits of a mapping in which `before` holds the edit before; ends at one that is not valid."""
    chain: list[dict[str, Any]] = []
    while isinstance(made, dict):
        chain.append({key: value for key, value in made.items() if key != "before"})
        made = made.get("before")
    edits: list[Made] = []
    for members in chain[:TOLD]:
        edit = _edit(members)
        if edit is None:
            break
        edits.append(edit)
    return _shortened(edits, len(chain) - len(edits) + sum(map(_count, chain)))


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
    """The edits as JSON that may be published, with ever less of what was before."""
    edits = [_public(edit) for edit in edits]
    for count in range(len(edits), 0, -1):
        told = _shortened(edits[:count], len(edits) - count + sum(edit.earlier for edit in edits))
        yield msgspec.json.encode(mapping_of(told)).decode()


def file_name(text: str) -> str:
    """The last part of a path, of any system."""
    return re.split(r"[/\\]", text.rstrip("/\\"))[-1] or text


def _edit(members: dict[str, Any]) -> Made | None:
    """One edit without what was before; None for what is none."""
    if _is_deep(members):
        return None
    try:
        return msgspec.convert(members, Made)
    except msgspec.ValidationError:
        return None


def _count(members: dict[str, Any]) -> int:
    """How many untold edits a member of the chain claims."""
    found = members.get("earlier")
    return min(max(found, 0), _LARGEST) if isinstance(found, int) else 0


def _shortened(edits: list[Made], untold: int) -> list[Made]:
    """The edits, the last of which has `untold` ones before it."""
    *others, last = [msgspec.structs.replace(edit, earlier=0) for edit in edits] or [Made()]
    return [*others, msgspec.structs.replace(last, earlier=min(untold, _LARGEST))] if edits else []


def _is_deep(value: Any) -> bool:
    """Whether lists and mappings are too many inside each other; goes level by level, so that depth costs nothing."""
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _public(edit: Made) -> Made:
    """The edit without places of this machine."""
    steps = [
        msgspec.structs.replace(
            step,
            vae=_vae_name(step.vae),
            options=_without_places(step.options),
            name=_without_places(step.name),
            when=_without_places(step.when),
        )
        for step in edit.steps
    ]
    return msgspec.structs.replace(edit, steps=steps)


def _vae_name(vae: str | None) -> Any:
    """A VAE's file by its name alone."""
    return file_name(vae) if vae and vae.endswith(".safetensors") else _without_places(vae)


def _without_places(value: Any) -> Any:
    """The value with the name of every file that is named by its absolute path, and as text that is UTF-8."""
    if isinstance(value, dict):
        return {_without_places(key): _without_places(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_places(inner) for inner in value]
    if not isinstance(value, str):
        return value
    text = value.encode("utf-8", "backslashreplace").decode()
    return file_name(text) if _PLACE.match(text) else text
