"""The text of docs/api.md: every name that plugins may use, in groups, from the source and its docstrings."""

import inspect
import re
from collections.abc import Collection
from functools import cache

import griffe
from promises import RECORD, recorded
from surface import default_of, is_record, kind, line, members, promised, signature, text

import vaeedit
from vaeedit import api
from vaeedit.extension.deprecation import DEPRECATED
from vaeedit.options import Options, table

INTRODUCTION = """# Reference for authors of plugins

Every name of `vaeedit.api`, the hooks, and `vaeedit.testing`. [Writing a plugin](plugins.md) introduces them, and says
[what is promised, and for how long](plugins.md#what-is-promised-and-for-how-long). Shapes are (height, width, channels)
for arrays and (batch, channels, height, width) for tensors, written (H, W, C) and (B, C, H, W); h and w are the size of a
grid of latents. A member came with its class unless it names a later version."""
LONGEST = 500
"""Characters of a longer value are left out."""
GROUPS = {
    "Operations and pipelines": (
        "what an operation derives from, what it receives, and how it is run from Python",
        "run pipeline",
    ),
    "Frames and results": (
        "pictures in memory, what an operation returns, and functions on pictures",
        "image filters resampling run.operation.Result",
    ),
    "Latents and edits": (
        "what `edit`, `join` and `gather` receive and return",
        "vae.latents vae.edited vae.grids",
    ),
    "Specs and hooks": (
        "what the light module of a plugin returns, and the functions that vaeedit calls in it",
        "extension",
    ),
    "Options classes": ("the options of an operation, an architecture or an objective", "options"),
    "VAEs": ("a network of your own: the protocols that it satisfies, likelihoods, and files", "vae"),
    "Training": ("objectives, recipes and data, for plugins that train", "training"),
    "Evaluations": ("`vaeedit evaluate NAME`, and measures of pictures", "evaluation cli.measuring"),
    "Commands and files": (
        "commands that are not operations: printing, flags, batches and files",
        "cli batch plain limits image.atomic",
    ),
    "Errors": ("what a plugin raises so that the user reads a sentence instead of a traceback", "errors"),
    "Testing": ("the test suite of a plugin", "testing"),
}
"""Headings: when to use the group, and the modules (and names in modules) that belong to it."""


def reference() -> str:
    """The whole page."""
    groups: dict[str, list[str]] = {title: [] for title in GROUPS}
    for name, item in promised().items():
        groups[group_of(item.path)].append(name)
    parts = [INTRODUCTION]
    parts.append("\n".join(f"- {title}: {', '.join(map(_link, names))}" for title, names in groups.items()))
    for title, names in groups.items():
        parts += [f"## {title}", f"For {GROUPS[title][0]}."]
        for name in names:
            parts += entry(name)
    return "\n\n".join(parts) + "\n"


def group_of(path: str) -> str:
    """The group whose longest module begins a path; raises ValueError for a module of no group."""
    found = [
        (len(part), title)
        for title, (_, parts) in GROUPS.items()
        for part in parts.split()
        if f"{path}.".startswith(f"vaeedit.{part}.")
    ]
    return max(found)[1]


def entry(name: str) -> list[str]:
    """The parts of one name: heading, what it is, docstring, fields, members."""
    item = promised()[name]
    what, shown = kind(name, item), ""
    if isinstance(item, griffe.Function):
        shown = line(name, item)
    elif isinstance(item, griffe.Attribute):
        shown = f"{name} = {text(item.value) if ' = ' in line(name, item) else item.value}"
    code = f"```python\n{_broken(shown)}\n```" if shown and len(shown) <= LONGEST else ""
    bases = re.sub(r"\w+", lambda found: _link(found[0]), what.partition("(")[2].rstrip(")"))
    what = (
        f"{what.partition(' (')[0].capitalize()}{bases and f', derived from {bases}'}, since {_since(name)}."
    )
    old = f"Deprecated: use {DEPRECATED[name]}." if name in DEPRECATED else ""
    parts = [f"### `{name}`", what, old, code, _linked(doc(item), {name, *_parameters(item)})]
    return [part for part in [*parts, *_inside(name, item)] if part]


def _parameters(item: griffe.Object) -> set[str]:
    return {one.name for one in item.parameters} if isinstance(item, griffe.Function) else set()


def _inside(name: str, item: griffe.Object) -> list[str]:
    """The constructor, the table of fields, and the list of methods and properties."""
    if not (item.is_class or item.is_module):
        return []
    parts, inside = [], dict(members(name))
    made = inside.pop("__init__", None)
    if isinstance(made, griffe.Function):
        parts.append(f"```python\n{_broken(name + signature(made))}\n```")
    own = getattr(api, name)
    if isinstance(own, type) and issubclass(own, Options) and own.__struct_fields__:
        return [*parts, table(own)]
    fields = {
        key: one
        for key, one in inside.items()
        if isinstance(one, griffe.Attribute) and "property" not in one.labels
    }
    if fields:
        word = "field" if is_record(item) else "attribute"
        rows = [f"| {word} | type | default | meaning |", "| --- | --- | --- | --- |"]
        parts.append("\n".join([*rows, *(_row(name, key, one) for key, one in fields.items())]))
    others = [_member(name, key, one) for key, one in inside.items() if key not in fields]
    return [*parts, "\n".join(others)]


def _row(name: str, key: str, item: griffe.Attribute) -> str:
    code = [key, text(item.annotation) if item.annotation else "", default_of(item)]
    cells = [*(one and f"`{one}`" for one in code), _meaning(name, key, item)]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _member(name: str, key: str, item: griffe.Object) -> str:
    shown = line(key, item) if isinstance(item, griffe.Function) else f"{key}: {text(item.annotation)}"
    return f"- `{shown}`\n  {_meaning(name, key, item)}"


def _meaning(name: str, key: str, item: griffe.Object) -> str:
    """The docstring of a member as one line, with its version where that is not the one of its class."""
    words = _linked(" ".join(doc(item, name).split()), {name, *_parameters(item)})
    later = _since(f"{name}.{key}")
    return words if later == _since(name) else f"{words} Since {later}."


def doc(item: griffe.Object, owner: str = "") -> str:
    """The docstring; that of a member may be its base's."""
    if item.docstring:
        return str(item.docstring.value)
    found = (
        inspect.getdoc(getattr(getattr(api, owner, None), item.name, None))
        if owner and item.labels | {item.kind}
        else ""
    )
    return found or "" if isinstance(item, griffe.Function) or "property" in item.labels else ""


def undocumented() -> list[str]:
    """Names and members without a docstring; a field may be explained in the docstring of its class."""
    missing = []
    for name, item in promised().items():
        missing += [] if doc(item) else [name]
        inside = members(name) if item.is_class or item.is_module else {}
        for key, one in inside.items():
            listed = f"`{key}`" in doc(item) or "option(" in str(getattr(one, "annotation", ""))
            missing += [] if key == "__init__" or listed or doc(one, name) else [f"{name}.{key}"]
    return missing


def _linked(words: str, own: Collection[str]) -> str:
    """Markdown of a docstring: examples are fenced, and public names are links."""
    words = re.sub(
        r"^>>> (?:.+\n?)+", lambda found: f"```pycon\n{found[0].rstrip()}\n```\n", words, flags=re.MULTILINE
    )
    pieces = words.split("```")
    pieces[::2] = [re.sub(r"`(\w+)`", lambda found: _link(found[1], own), piece) for piece in pieces[::2]]
    return "```".join(pieces).strip()


def _link(name: str, own: Collection[str] = ()) -> str:
    return f"[`{name}`](#{slug(name)})" if name in promised() and name not in own else f"`{name}`"


def slug(name: str) -> str:
    """The anchor of a heading as GitHub makes it."""
    return re.sub(r"[^\w -]", "", name).lower().replace(" ", "-")


def _broken(row: str) -> str:
    """A signature with a line for each parameter where it is longer than 100 characters."""
    if len(row) <= 100:
        return row
    head, _, rest = row.partition("(")
    inside, end = rest.rsplit(") ->", 1) if ") ->" in rest else (rest.rstrip(")"), "")
    depth, pieces = 0, [""]
    for sign in inside:
        depth += (sign in "[(") - (sign in "])")
        pieces = [*pieces, ""] if sign == "," and not depth else [*pieces[:-1], pieces[-1] + sign]
    return "\n".join(
        [f"{head}(", *(f"    {piece.strip()}," for piece in pieces), f") ->{end}" if end else ")"]
    )


@cache
def _versions() -> dict[str, str]:
    return {name: since for name, (since, _) in recorded(RECORD.read_text())[1].items()}


def _since(name: str) -> str:
    return _versions().get(name, vaeedit.__version__)
