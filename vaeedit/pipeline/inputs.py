"""Extra inputs of a step, such as a mask or a second exposure: one file for all inputs, or a template."""

import re
from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from typing import Any

from vaeedit.errors import UsageError
from vaeedit.image import file_name, is_place
from vaeedit.options import name_of

FIELDS = ("stem", "name", "folder")
"""The fields of a template: the input's name without and with its extension, and its folder."""

HIDDEN = ".../"
"""Stands for the folders of an absolute path, where a template is recorded."""

LONGEST = 4096
"""Most characters of a name or template: the limit of paths on Linux."""


def template_fault(text: str) -> str | None:
    """A sentence on what is wrong with a name or template, or None."""
    if len(text) > LONGEST:
        return f"a name or template has at most {LONGEST} characters, not {len(text)}."
    try:
        fields = [field for field in Formatter().parse(text) if field[1] is not None]
    except ValueError as error:
        return f"{text!r} is not a template: {error}"
    for _, name, width, conversion in fields:
        if name not in FIELDS or width or conversion:
            allowed = ", ".join(f"{{{name}}}" for name in FIELDS)
            return f"{text!r} has {{{name}}}; a template may use {allowed}, without a format."
    return None


def is_template(text: str) -> bool:
    """Whether the name depends on the input."""
    return any(name is not None for _, name, _, _ in Formatter().parse(text))


def resolved(text: str, folder: Path | None, source: Path | None) -> Path:
    """The file of a name or template, relative to the pipeline's `folder` or, without one, to the current folder.

    Raises UsageError for a template if the input has no name.
    """
    if is_template(text):
        if source is None:
            raise UsageError(f"{text!r} depends on the input's name, and this input has none.")
        text = text.format(stem=source.stem, name=source.name, folder=source.parent)
    path = Path(text)
    return path if folder is None or path.is_absolute() else folder / path


def recorded(text: str) -> str:
    """A name without its folder, as outputs record it. A template stays, but its absolute folders become `HIDDEN`."""
    if not is_template(text):
        return file_name(text)
    if not is_place(text):
        return text
    parts = re.split(r"[/\\]", text)
    first = next(index for index, part in enumerate(parts) if is_template(part))
    return HIDDEN + "/".join(parts[first:])


def split(options: Mapping[str, Any], names: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of a step without its extra inputs, and these by name; `no-blur` may be no_blur, `with` with_."""
    flags = {name_of(name): name for name in names}
    pictures = {flags[name_of(key)]: value for key, value in options.items() if name_of(key) in flags}
    return {key: value for key, value in options.items() if name_of(key) not in flags}, pictures
