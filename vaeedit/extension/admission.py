"""Admission: everything of a spec is checked once, when its plugin is discovered; nothing that it names is imported.

Each fault is a sentence that names the spec, the field, and what it must be instead. The plugins of vaeedit itself are not
checked at every start; `vaeedit.testing` checks them by the same functions.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, get_origin

from vaeedit.extension.option_rules import option_faults
from vaeedit.extension.reserved import COMMANDS, RESERVED
from vaeedit.extension.specs import VAE_MEMBERS, CommandSpec, OperationSpec, Spec
from vaeedit.options import Options, flag_of, shown

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FLAG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
TARGET = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
RESOURCE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:(?!\.\.?/)[^/\\:]+(/(?!\.\.?/)[^/\\:]+)*")
EXPECTED: Mapping[Any, str] = {
    str: "text",
    bool: "True or False",
    tuple: "a tuple of texts",
    Mapping: "a mapping from texts to texts",
    type: "a class derived from Options",
}
"""What a field of a spec must be, by the origin of its type."""


def faults(spec: Spec, kind: str) -> list[str]:
    """Sentences on why nothing could be made of the spec, or only something that does not work; empty if it fits.

    `kind` says in messages what the spec describes, such as "operation".
    """
    title = f"{kind} {shown(spec.name)}"
    found = [*_types(spec)]  # the other rules rely on the types
    if not found:
        found = [*_texts(spec)]
        options = getattr(spec, "options", Options)
        found += option_faults(options, on_command_line=isinstance(spec, OperationSpec))
        if isinstance(spec, OperationSpec | CommandSpec) and spec.name in COMMANDS:
            found.append("name: vaeedit has a command of this name itself; choose another one")
        if isinstance(spec, OperationSpec):
            found += [*_names(spec), *_uses(spec)]
    return [f"{title}: {fault}" for fault in found]


def doubles(specs: Sequence[tuple[str, Spec]]) -> list[str]:
    """Sentences on names that several specs of one kind have; `specs` are pairs of kind and spec."""
    counts = Counter((kind, spec.name) for kind, spec in specs)
    return [
        f"{kind} {name!r}: name: {n} of its plugin have it; rename one"
        for (kind, name), n in counts.items()
        if n > 1
    ]


def _types(spec: Spec) -> Iterator[str]:
    """A frozen dataclass does not check what it is made of."""
    for field in fields(spec):
        kind, value = get_origin(field.type) or field.type, getattr(spec, field.name)
        if kind in EXPECTED and not _is(value, kind):
            yield f"{field.name} must be {EXPECTED[kind]}, not {shown(value)}"


def _is(value: Any, kind: Any) -> bool:
    """Whether a value is of a kind in `EXPECTED`."""
    if kind is type:
        return isinstance(value, type) and issubclass(value, Options)
    if not isinstance(value, kind):
        return False
    items = [*value.items()] if isinstance(value, Mapping) else [value] if isinstance(value, tuple) else []
    return all(isinstance(text, str) for item in items for text in item)


def _texts(spec: Spec) -> Iterator[str]:
    """Names, summaries, and what is imported later by its name."""
    if not NAME.fullmatch(spec.name):
        yield "name must be lower-case words joined by dashes, such as film-grain"
    if not spec.summary.strip() or "\n" in spec.summary:
        yield "summary must be one line of text"
    targets = {name: getattr(spec, name) for name in ("target", "detect", "folder") if hasattr(spec, name)}
    targets |= {f"fetch {prefix!r}": text for prefix, text in getattr(spec, "fetch", {}).items()}
    for name, text in targets.items():
        may_be_empty = name in ("detect", "folder")
        if not TARGET.fullmatch(text) and (text or not may_be_empty):
            yield f"{name} must be 'module:name', such as 'acme_grain.operation:Grain', not {shown(text)}"
    resource = getattr(spec, "resource", None)
    if resource is not None and not RESOURCE.fullmatch(resource):
        yield f"resource must be 'package:path/in/package', not {shown(resource)}"


def _names(spec: OperationSpec) -> Iterator[str]:
    """The names that the command line and pipelines make of options, maps and extra inputs."""
    members = spec.options.__struct_fields__
    named = [
        *((f"option {name!r}", flag_of(name)) for name in members),
        *((f"map {name!r}", name) for name in spec.maps),
        *((f"extra input {name!r}", name) for name in spec.extra_inputs),
    ]
    counts = Counter(flag for _, flag in named)
    for what, flag in named:
        if not FLAG.fullmatch(flag):
            yield f"{what}: its name must be lower-case words that begin with a letter; rename it"
        elif flag in RESERVED:
            yield f"{what}: every command uses the name {flag} already; rename it"
        elif counts[flag] > 1:
            yield f"{what}: another option, map or extra input is called {flag}, too; rename one of them"
        elif flag.startswith("no-") and counts[flag.removeprefix("no-")]:
            yield f"{what}: --{flag} may mean the opposite of another option; rename one of them"


def _uses(spec: OperationSpec) -> Iterator[str]:
    """Members of the spec that contradict each other."""
    for name in sorted(set(spec.needs) - set(spec.extra_inputs)):
        yield f"needs names {name!r}, which is no extra input; add it to extra_inputs"
    if spec.variadic and spec.variadic not in spec.extra_inputs:
        yield f"variadic names {spec.variadic!r}, which is no extra input; add it to extra_inputs"
    of_vae = [name for name in VAE_MEMBERS if getattr(spec, name)]
    if of_vae and not spec.uses_vae:
        yield f"uses_vae is False, which excludes {', '.join(of_vae)}; leave out these, or uses_vae"
    excluded = {"film": spec.film, "conditions": spec.conditions}
    if spec.latent and any(excluded.values()):
        names = " and ".join(name for name, value in excluded.items() if value)
        yield f"latent: only edit may change the image of such an operation; leave out latent, or {names}"
