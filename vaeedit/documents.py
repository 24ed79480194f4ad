"""YAML, read in one pass and within bounds: its values, and the line of every key and item.

Values are those of JSON: text, finite numbers, true, false, null, lists and mappings. Dates are text.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from vaeedit.errors import UsageError
from vaeedit.limits import TEXT, read_regular

Place = tuple[str | int, ...]
"""Keys and indices from the top of the document: ("steps", 0, "soften", "strength")."""

VALUES = 10_000
"""Values of a document at most, those behind aliases counted each time."""
DEPTH = 32
"""Lists and mappings inside each other at most."""
NUMBER = 100
"""Characters of a number at most; longer ones are text."""
LONG = 10_000
"""Characters of a text at most."""
TAG = "tag:yaml.org,2002:"
SCALARS = {
    f"{TAG}null": SafeConstructor.construct_yaml_null,
    f"{TAG}bool": SafeConstructor.construct_yaml_bool,
    f"{TAG}int": SafeConstructor.construct_yaml_int,
    f"{TAG}float": SafeConstructor.construct_yaml_float,
}
RESOLVER: Any = Resolver()
LOADER: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


@dataclass
class Document:
    """What a text says, and on which lines, counted from 1."""

    value: Any = None
    lines: dict[Place, int] = field(default_factory=dict)


def text_of(path: Path) -> str:
    """The text of a regular file of at most `TEXT` bytes in UTF-8, with or without a BOM; raises UsageError."""
    try:
        return read_regular(path, TEXT, UsageError).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not a text file.") from None


def read_yaml(text: str) -> Document:
    """Raises ValueError, a sentence, for a text that is no YAML, or more than a person would write."""
    if len(text) > TEXT.value:
        raise ValueError(
            f"it has {len(text):,} characters, over the limit of {TEXT.value:,}; {TEXT.variable} changes it."
        )
    try:
        return _Reader(text).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "" if mark is None else f"line {mark.line + 1}: "
        raise ValueError(f"{where}this is not valid YAML: {error.problem or error.context}.") from None
    except yaml.YAMLError as error:
        raise ValueError(f"this is not valid YAML: {str(error).splitlines()[0]}.") from None
    except UnicodeError:
        raise ValueError("it is not text.") from None


def line_of(found: Mapping[Place, int], path: Place) -> int | None:
    """The line of `path` or, where that is not in the text, of what should hold it."""
    while path and path not in found:
        path = path[:-1]
    return found.get(path)


class _Reader:
    """Makes values of the parser's events, which come one at a time: what is too much is never parsed."""

    def __init__(self, text: str) -> None:
        self.events: Iterator[yaml.Event] = iter(yaml.parse(text, Loader=LOADER))
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.found = Document()
        self.count = 0

    def document(self) -> Document:
        """The only document of the text; one without a value is None."""
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if self.count:
                    raise _fault(event, "another document begins; one is enough.")
                self.found.value = self._value(next(self.events), ())
        return self.found

    def _value(self, event: Any, path: Place) -> Any:
        self.count += 1
        if self.count > VALUES:
            raise _fault(event, f"more than {VALUES:,} values are too many.")
        if len(path) > DEPTH:
            raise _fault(event, f"more than {DEPTH} lists and mappings are inside each other.")
        self.found.lines.setdefault(path, _line(event))
        before = self.count
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(event)
        if isinstance(event, yaml.ScalarEvent):
            found = _scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            found = self._mapping(event, path)
        else:
            found = self._list(event, path)
        if event.anchor:
            self.anchors[event.anchor] = found, self.count - before
        return found

    def _aliased(self, event: yaml.AliasEvent) -> Any:
        name = event.anchor or ""
        if name not in self.anchors:  # or it stands inside what it names
            raise _fault(event, f"*{name[:NUMBER]} names nothing that ends before it.")
        found, size = self.anchors[name]
        self.count += size
        return found

    def _list(self, start: Any, path: Place) -> list[Any]:
        _refuse_tag(start, "seq")
        found: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self._value(event, (*path, len(found))))
        return found

    def _mapping(self, start: Any, path: Place) -> dict[Any, Any]:
        _refuse_tag(start, "map")
        found: dict[Any, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise _fault(event, "a key must be a single word.")
            key, place = _scalar(event), (*path, event.value)
            if key in found:
                raise _fault(event, f"the key {event.value[:NUMBER]!r} stands here twice.")
            self.found.lines[place] = _line(event)
            found[key] = self._value(next(self.events), place)
        return found


def _scalar(event: yaml.ScalarEvent) -> Any:
    """One value; text where it is quoted or looks like nothing else."""
    if len(event.value) > LONG:
        raise _fault(event, f"a text of {len(event.value):,} characters is too long.")
    tag = event.tag
    if tag in (None, "!"):
        plain = len(event.value) <= NUMBER
        tag = RESOLVER.resolve(yaml.ScalarNode, event.value, event.implicit) if plain else ""
    elif tag not in SCALARS and tag != f"{TAG}str":
        raise _fault(event, f"the tag {tag[:NUMBER]!r} is not known.")
    make = SCALARS.get(tag)
    if make is None:
        return event.value
    if len(event.value) > NUMBER:
        raise _fault(event, f"a number of {len(event.value):,} characters is too long.")
    try:
        found = make(SafeConstructor(), yaml.ScalarNode(tag, event.value))
    except (ValueError, LookupError, OverflowError):
        raise _fault(event, f"{event.value[:NUMBER]!r} is no {tag.removeprefix(TAG)}.") from None
    if isinstance(found, float) and not math.isfinite(found):
        raise _fault(event, f"{event.value[:NUMBER]!r} is not a finite number.")
    return found


def _refuse_tag(event: Any, kind: str) -> None:
    if event.tag not in (None, "!", f"{TAG}{kind}"):
        raise _fault(event, f"the tag {event.tag[:NUMBER]!r} is not known.")


def _line(event: Any) -> int:
    found: int = event.start_mark.line + 1
    return found


def _fault(event: yaml.Event, text: str) -> ValueError:
    return ValueError(f"line {_line(event)}: {text}")
