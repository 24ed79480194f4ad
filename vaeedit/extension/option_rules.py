"""What the fields of an options class must be, so that command lines, pipelines and files can hold their values."""

from collections.abc import Iterator
from typing import Any

import msgspec

from vaeedit.errors import OptionError
from vaeedit.options import Field, Options, as_dict, fields, flag_of, name_of, shown, validate

SUPPORTED = "bool, int, float, str, Literal, None, and tuples or lists of these"


def option_faults(cls: type[Options], *, on_command_line: bool) -> list[str]:
    """Sentences on the fields that do not fit; `on_command_line` is true for the options of operations."""
    if not cls.__struct_fields__:
        return []
    try:
        known = fields(cls)
    except Exception as error:  # a type that is not defined, or not supported by msgspec
        return [f"the types of {cls.__name__} cannot be read ({type(error).__name__}: {error})"]
    found = [
        f"option {field.name!r}: {text}"
        for field in known.values()
        for text in _faults(field, on_command_line)
    ]
    return found or [*_whole(cls, known)]


def _faults(field: Field, on_command_line: bool) -> Iterator[str]:
    try:
        msgspec.json.schema_components([field.kind])
    except Exception as error:
        yield f"its type cannot be part of a JSON Schema ({error}); use {SUPPORTED}"
        return
    if on_command_line:
        if not _is_typed(field.info):
            yield f"nobody can type a value of its type; use {SUPPORTED}"
            return
        if not field.description:
            yield "it has no description; declare it with option('What it does.')"
        if name_of(flag_of(field.name)) != field.name:
            yield f"its name ends in an underscore; rename it to {field.name.rstrip('_')}"
    if not field.required:
        yield from _default_faults(field, on_command_line)


def _default_faults(field: Field, on_command_line: bool) -> Iterator[str]:
    """The default is a valid value, and so is the default as text, if it is typed."""
    default = field.default
    texts = [str(default)] if on_command_line and isinstance(default, int | float | str) else []
    try:
        if any(field.parse(value) != default for value in (default, *texts)):
            yield f"its default {shown(default)} becomes another value when it is read; its type must fit"
    except OptionError:
        yield f"its default {shown(default)} must be {field.expects}"


def _whole(cls: type[Options], known: dict[str, Field]) -> Iterator[str]:
    """The class can be made of its defaults, and of the same values after they were written."""
    if any(field.required for field in known.values()):
        return
    try:
        made = cls()
        same = validate(cls, as_dict(made)) == made
    except Exception as error:  # of `__post_init__`, or of a way to write it that is not that of Options
        yield f"the defaults of {cls.__name__} are not valid ({type(error).__name__}: {error})"
        return
    if not same:
        yield f"the defaults of {cls.__name__} are not the same after writing and reading them"


def _is_typed(info: Any) -> bool:
    """Whether text from a shell can mean a value of this type of `msgspec.inspect`."""
    import msgspec.inspect as inspect

    match info:
        case inspect.Metadata():
            return _is_typed(info.type)
        case inspect.UnionType():
            return all(map(_is_typed, info.types))
        case inspect.TupleType():
            return all(map(_is_typed, info.item_types))
        case inspect.VarTupleType() | inspect.ListType():
            return _is_typed(info.item_type)
        case _:
            simple = (inspect.BoolType, inspect.IntType, inspect.FloatType, inspect.StrType)
            return isinstance(info, (*simple, inspect.LiteralType, inspect.NoneType))
