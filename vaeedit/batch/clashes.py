"""No output takes the place of an input or of another output, whatever they are called."""

import os
from collections.abc import Hashable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from vaeedit.errors import UsageError

INPUT, OUTPUT = "an input", "the output"


def real(path: Path) -> Path:
    """Where a path leads; unlike `Path.resolve` this bears links that lead to themselves."""
    return Path(os.path.realpath(path))


class Uses:
    """What the files of a run are for; the same file is known by any of its names, through links of both kinds."""

    def __init__(self) -> None:
        self._read: dict[Hashable, str] = {}
        self._written: dict[Hashable, str] = {}

    def read(self, path: Path, what: str) -> None:
        """Note a file that is read."""
        for name in _names(path):
            self._read.setdefault(name, what)

    def write(self, path: Path, what: str, *, in_place: bool = False) -> None:
        """Note a file that is written; raises UsageError for one that is used already.

        What is written `in_place` replaces an input under one of its names.
        """
        for name in _names(path):
            read, written = self._read.get(name), self._written.get(name)
            if read is not None and not (in_place and read == INPUT):
                hint = (
                    "; to replace inputs, say --in-place" if read == INPUT and what.startswith(OUTPUT) else ""
                )
                raise UsageError(f"{path} is {read} and cannot be {what}{hint}.")
            if written is not None:
                raise UsageError(f"Both {written} and {what} would become {path}.")
            self._written[name] = what
            if in_place:  # the other names keep the old file
                return


def _names(path: Path) -> Iterator[Hashable]:
    """By what a file is known: where its path leads and, if it is there, its number on its device."""
    found = real(path)
    yield os.fspath(found).casefold() if _ignores_case(found.parent) else os.fspath(found)
    with suppress(OSError, ValueError):
        status = os.stat(found)
        yield status.st_dev, status.st_ino


@cache
def _ignores_case(folder: Path) -> bool:
    """Whether A and a are the same name in a folder, as far as the folder's own name or one above it tells."""
    for place in (folder, *folder.parents):
        other = place.with_name(place.name.swapcase()) if place.name else place
        if other != place and place.exists():
            return other.exists() and place.samefile(other)
    return False
