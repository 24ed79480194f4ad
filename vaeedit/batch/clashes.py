"""Checks that no output replaces an input or another output, under whatever name."""

import os
from collections.abc import Hashable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from vaeedit.errors import UsageError

INPUT, OUTPUT = "an input", "the output"


def real(path: Path) -> Path:
    """Follow all links of a path. Unlike `Path.resolve` it accepts links that lead to themselves."""
    return Path(os.path.realpath(path))


class Uses:
    """Records what the files of a run are used for; it knows a file by any of its names, through symbolic and hard links."""

    def __init__(self) -> None:
        self._read: dict[Hashable, str] = {}
        self._written: dict[Hashable, str] = {}

    def read(self, path: Path, what: str) -> None:
        """Record a file that is read; `what` is its name in messages."""
        for name in _names(path):
            self._read.setdefault(name, what)

    def write(self, path: Path, what: str, *, in_place: bool = False) -> None:
        """Record a file that is written; raises UsageError if the run already reads or writes it.

        With `in_place` the file replaces an input.
        """
        for name in _names(path):
            read, written = self._read.get(name), self._written.get(name)
            if read is not None and not (in_place and read == INPUT):
                is_input = read == INPUT and what.startswith(OUTPUT)
                hint = "; to replace inputs, use --in-place" if is_input else ""
                raise UsageError(f"{path} is {read} and cannot be {what}{hint}.")
            if written is not None:
                raise UsageError(
                    f"Both {written} and {what} would become {path}{_apart(written, what, path)}."
                )
            self._written[name] = what
            if in_place:  # the other names keep the old file
                return


def _apart(one: str, other: str, path: Path) -> str:
    """How two outputs with this path get different names."""
    inputs = [text.removeprefix(f"{OUTPUT} of ") for text in (one, other) if text.startswith(OUTPUT)]
    if len({*inputs}) < 2:
        return ""
    field = "{name}" if len({Path(name).name for name in inputs}) == 2 else "{index}-{name}"
    return f"; -o '{path.parent}/{field}{{ext}}' names them apart"


def _names(path: Path) -> Iterator[Hashable]:
    """Yield what identifies a file: its real path and, if it exists, its device and inode numbers."""
    target = real(path)
    yield os.fspath(target).casefold() if _ignores_case(target.parent) else os.fspath(target)
    with suppress(OSError, ValueError):
        status = os.stat(target)
        yield status.st_dev, status.st_ino


@cache
def _ignores_case(folder: Path) -> bool:
    """Whether A and a are the same name in a folder; tested with the name of the folder or of one above it."""
    for place in (folder, *folder.parents):
        other = place.with_name(place.name.swapcase()) if place.name else place
        if other != place and place.exists():
            return other.exists() and place.samefile(other)
    return False
