"""YAML read in one pass and within limits: its values, and the line of every key and item.

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
"""Most values of a document; those behind an alias count each time it is used."""
DEPTH = 32
"""Most levels of lists and mappings."""
NUMBER = 100
"""Most characters of a number; longer ones are text."""
LONG = 10_000
"""Most characters of one text."""
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
    """The value of a YAML text, and the line of each of its parts, counted from 1."""

    value: Any = None
    lines: dict[Place, int] = field(default_factory=dict)


def text_of(path: Path) -> str:
    """The text of a regular file of at most `TEXT` bytes in UTF-8, with or without a BOM; raises UsageError."""
    try:
        return read_regular(path, TEXT, UsageError).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not a text file.") from None


def read_yaml(text: str) -> Document:
    """Parse a YAML document; raises ValueError with a sentence for invalid YAML and for more than the limits allow."""
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


def line_of(lines: Mapping[Place, int], path: Place) -> int | None:
    """The line of `path` or, where the text lacks it, of the nearest list or mapping that should contain it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path)


class _Reader:
    """Makes values of the parser's events one at a time, so that nothing beyond a limit is parsed."""

    def __init__(self, text: str) -> None:
        self.events: Iterator[yaml.Event] = iter(yaml.parse(text, Loader=LOADER))
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.result = Document()
        self.count = 0

    def document(self) -> Document:
        """The one document of the text; the value of an empty one is None."""
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if self.count:
                    raise _fault(event, "a second document begins; only one is allowed.")
                self.result.value = self._value(next(self.events), ())
        return self.result

    def _value(self, event: Any, path: Place) -> Any:
        self.count += 1
        if self.count > VALUES:
            raise _fault(event, f"the document has more than {VALUES:,} values.")
        if len(path) > DEPTH:
            raise _fault(event, f"lists and mappings are nested more than {DEPTH} levels deep.")
        self.result.lines.setdefault(path, _line(event))
        before = self.count
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(event)
        if isinstance(event, yaml.ScalarEvent):
            value = _scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            value = self._mapping(event, path)
        else:
            value = self._list(event, path)
        if event.anchor:
            self.anchors[event.anchor] = value, self.count - before
        return value

    def _aliased(self, event: yaml.AliasEvent) -> Any:
        name = event.anchor or ""
        if name not in self.anchors:  # also where the alias is inside the value of its anchor
            raise _fault(event, f"the alias *{name[:NUMBER]} refers to no value before it.")
        value, size = self.anchors[name]
        self.count += size
        return value

    def _list(self, start: Any, path: Place) -> list[Any]:
        _refuse_tag(start, "seq")
        items: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, start: Any, path: Place) -> dict[Any, Any]:
        _refuse_tag(start, "map")
        values: dict[Any, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise _fault(event, "a key must be a single word.")
            key, place = _scalar(event), (*path, event.value)
            if key in values:
                raise _fault(event, f"the key {event.value[:NUMBER]!r} is given twice.")
            self.result.lines[place] = _line(event)
            values[key] = self._value(next(self.events), place)
        return values


def _scalar(event: yaml.ScalarEvent) -> Any:
    """The value of one scalar; text where it is quoted or is nothing else."""
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
        value = make(SafeConstructor(), yaml.ScalarNode(tag, event.value))
    except (ValueError, LookupError, OverflowError):
        raise _fault(event, f"{event.value[:NUMBER]!r} is not a valid {tag.removeprefix(TAG)}.") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise _fault(event, f"{event.value[:NUMBER]!r} is not a finite number.")
    return value


def _refuse_tag(event: Any, kind: str) -> None:
    if event.tag not in (None, "!", f"{TAG}{kind}"):
        raise _fault(event, f"the tag {event.tag[:NUMBER]!r} is not known.")


def _line(event: Any) -> int:
    line: int = event.start_mark.line + 1
    return line


def _fault(event: yaml.Event, text: str) -> ValueError:
    return ValueError(f"line {_line(event)}: {text}")
