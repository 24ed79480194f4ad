"""Options are declared once: from one class come the command line, the checks of YAML and Python, and the docs table.

An options class derives from `Options`; every field is annotated with a description and, for numbers,
bounds::

    class SoftenOptions(Options, frozen=True):
        strength: Annotated[float, option("How much noise to remove.", ge=0, le=2)] = 1.0
"""

import keyword
import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from vaeedit.errors import OptionError, suggestion

O = TypeVar("O", bound="Options")
SHOWN = 100
"""Most characters of a value that a message shows."""


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all options classes: immutable, and unknown names are refused."""


def option(
    description: str,
    *,
    ge: float | None = None,
    le: float | None = None,
    most: int | None = None,
    example: Any = None,
) -> Meta:
    """Annotation of a field: its description, the inclusive bounds of a number, the most items of a list.

    The contract checks use `example` as the value of a required option, and in place of an upper bound that takes long.
    """
    examples = None if example is None else [example]
    if most is not None:
        return Meta(description=description, max_length=most, examples=examples)
    return Meta(description=description, ge=ge, le=le, examples=examples)


def bounded(*, ge: float | None = None, le: float | None = None) -> Meta:
    """Bounds of one member of a union type, whose description sits outside."""
    return Meta(ge=ge, le=le)


@dataclass(frozen=True)
class Field:
    """One option, as the command line, the checks and the docs need it."""

    name: str
    kind: Any  # the annotated type, as msgspec converts to it
    info: Any  # the same, as msgspec.inspect describes it
    default: Any
    required: bool
    description: str
    example: Any = None

    @property
    def flag(self) -> str:
        """The name on the command line and in YAML, with dashes instead of underscores: `from_` is --from."""
        return flag_of(self.name)

    @property
    def expects(self) -> str:
        """'a number from 0 to 75, or auto': for help, errors and docs."""
        return describe(self.info)

    @property
    def choices(self) -> list[str]:
        """The words that it may be, such as auto; empty for numbers and free text."""
        return list(_words(self.info))

    @property
    def is_flag(self) -> bool:
        """True for an on/off option."""
        return self.kind is bool or getattr(self.kind, "__origin__", None) is bool

    @property
    def is_free(self) -> bool:
        """Whether any text is allowed in it, such as the name of a file."""
        for text in ("\0", ["\0"], {"\0": "\0"}):
            try:
                msgspec.convert(text, self.kind)
            except msgspec.ValidationError:
                continue
            return True
        return False

    def parse(self, value: Any, label: str | None = None) -> Any:
        """Convert and check one value, text from a shell or a value from YAML; raises OptionError.

        `label` is the name of the option in the message, by default its flag.
        """
        for candidate in _readings(value):
            try:
                parsed = msgspec.convert(candidate, self.kind, strict=False)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                continue
            if _finite(parsed):
                return parsed
        commas = "; commas separate them" if isinstance(value, str) and "a list" in self.expects else ""
        raise OptionError(f"{label or self.flag} must be {self.expects}, not {shown(value)}{commas}.")


def flag_of(name: str) -> str:
    """The name of an option on the command line and in YAML: of `top_k` top-k, of `from_` from."""
    return name.rstrip("_").replace("_", "-")


def shown(value: Any) -> str:
    """The `repr` of any value for a message, cut where it is long."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, or lists nested as deep
        return "a value that is too long to show"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} ..."


def _finite(value: Any) -> bool:
    """Whether no number in an option's value is infinite or NaN."""
    if isinstance(value, list | tuple):
        return all(_finite(item) for item in value)
    return not isinstance(value, float) or math.isfinite(value)


def _readings(value: Any) -> Iterator[Any]:
    """The value; then, for text, the number (.6 and +2 are none in JSON) and the list (1,0.5 or [1, .5]) that it may mean."""
    yield value
    if isinstance(value, str):
        with suppress(ValueError):
            yield float(value)
        parts = [part.strip() for part in value.strip().removeprefix("[").removesuffix("]").split(",")]
        yield parts
        with suppress(ValueError):
            yield [float(part) for part in parts]


def fields(cls: type[Options]) -> dict[str, Field]:
    """The options of a class by field name, its own before those of its bases."""
    from typing import get_type_hints

    import msgspec.inspect as inspect

    hints = get_type_hints(cls, include_extras=True)
    described = inspect.type_info(cls)
    assert isinstance(described, inspect.StructType)
    result = {}
    own = cls.__annotations__
    for field in sorted(described.fields, key=lambda field: field.name not in own):
        meta, info = {}, field.type
        if isinstance(info, inspect.Metadata):
            meta, info = info.extra_json_schema or {}, info.type
        default = None if field.required else field.default
        if default is msgspec.NODEFAULT:
            default = field.default_factory()
        text, examples = meta.get("description", ""), meta.get("examples", [None])
        kind = hints[field.name]
        result[field.name] = Field(field.name, kind, info, default, field.required, text, examples[0])
    return result


def name_of(key: str) -> str:
    """The name of the field that a key of YAML or Python means: of `top-k` top_k, of `from` from_."""
    name = key.replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def validate(cls: type[O], values: Mapping[str, Any], where: str = "") -> O:
    """Build `cls` from names (with dashes or underscores) and values; raises OptionError for the first fault.

    `where` begins the message, for example "step 2 (soften)".
    """
    parsed, faults = parse(cls, values, where)
    if faults:
        raise OptionError(next(iter(faults.values())))
    try:
        return cls(**parsed)
    except OptionError as error:  # of a check in `__post_init__`
        raise OptionError(f"{where}: {error}" if where else str(error)) from None


def parse(
    cls: type[Options], values: Mapping[str, Any], where: str = ""
) -> tuple[dict[str, Any], dict[str, str]]:
    """The converted values by field name, and a sentence for each key that is wrong or missing, by that key."""
    known = fields(cls)
    given = {name_of(str(key)): key for key in values}
    parsed: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for key in values:
        if (other := given[name_of(str(key))]) != key:
            faults[str(key)] = (
                f"{f'{where}: ' if where else ''}{shown(key)} and {shown(other)} are one option."
            )
    for name, key in given.items():
        if name not in known:
            flags = [field.flag for field in known.values()]
            prefix = f"{where} has" if where else "There is"
            faults[str(key)] = f"{prefix} no option {shown(key)}{suggestion(str(key), flags)}"
            continue
        field = known[name]
        try:
            parsed[name] = field.parse(values[key], f"{where}: {field.flag}" if where else field.flag)
        except OptionError as error:
            faults[str(key)] = str(error)
    for field in known.values():
        if field.required and field.name not in given:
            faults[field.flag] = f"{where or cls.__name__} needs the option {field.flag!r}."
    return parsed, faults


def as_dict(options: Options) -> dict[str, Any]:
    """The values by field name in the order of `fields`, as YAML or JSON can hold them."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(options))
    return {name: plain[name] for name in fields(type(options))}


def describe(info: Any) -> str:
    """A type of `msgspec.inspect` in words, such as "a number from 0 to 75"."""
    import msgspec.inspect as inspect

    match info:
        case inspect.Metadata():
            return describe(info.type)
        case inspect.UnionType():
            return ", or ".join(describe(member) for member in info.types)
        case inspect.LiteralType():
            return " or ".join(str(value) for value in info.values)
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType() | inspect.FloatType():
            noun = "a whole number" if isinstance(info, inspect.IntType) else "a number"
            return f"{noun}{_bounds(info.ge, info.le)}"
        case inspect.StrType():
            return "text"
        case inspect.NoneType():
            return "nothing"
        case inspect.TupleType():
            kinds = [describe(kind) for kind in info.item_types]
            same = len(set(kinds)) == 1
            return f"a list of {len(kinds)}" + (f", each {kinds[0]}" if same else f": {', '.join(kinds)}")
        case _ if getattr(info, "max_length", None) is not None:
            return f"a list of at most {info.max_length}, each {describe(info.item_type)}"
        case _:
            return "a list" if hasattr(info, "item_type") else "a value"


def _words(info: Any) -> Iterator[str]:
    import msgspec.inspect as inspect

    match info:
        case inspect.LiteralType():
            yield from map(str, info.values)
        case inspect.Metadata():
            yield from _words(info.type)
        case inspect.UnionType():
            for member in info.types:
                yield from _words(member)


def _bounds(low: float | None, high: float | None) -> str:
    match low, high:
        case None, None:
            return ""
        case _, None:
            return f" of at least {low:.12g}"
        case None, _:
            return f" of at most {high:.12g}"
        case _:
            return f" from {low:.12g} to {high:.12g}"


def table(cls: type[Options]) -> str:
    """The options as a markdown table, for the docs."""
    rows = ["| option | value | default | meaning |", "| --- | --- | --- | --- |"]
    for field in fields(cls).values():
        default = "required" if field.required else f"`{msgspec.json.encode(field.default).decode()}`"
        rows.append(f"| `{field.flag}` | {field.expects} | {default} | {field.description} |")
    return "\n".join(rows)
