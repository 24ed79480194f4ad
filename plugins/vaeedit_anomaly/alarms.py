"""Puts abnormal pictures into a folder of their own; a file that is there is never replaced."""

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from vaeedit.api import ImageError, digest, write_whole


@dataclass(frozen=True)
class Alarms:
    """Moves or copies pictures to `folder`, which exists."""

    folder: Path
    moves: bool

    def take(self, path: Path) -> Path:
        """Where the picture is now: under its own name or, if there is such a file, with a number (part-2.png).

        It appears whole or not at all. Raises ImageError if it cannot be written, or if it is there and the old one cannot be
        removed.
        """
        try:
            target = self._renamed(path) or self._copied(path)
        except (OSError, ImageError) as error:
            raise ImageError(f"{path} cannot be put into {self.folder}: {_reason(error)}.") from error
        if self.moves:
            try:
                path.unlink()
            except OSError as error:
                raise ImageError(
                    f"{path} is in {target}, but cannot be removed: {_reason(error)}."
                ) from error
        return target

    def _renamed(self, path: Path) -> Path | None:
        """Give a file that is moved its new name beside the old one; None where that is not possible."""
        if not self.moves or path.is_symlink():  # a relative link would lead nowhere
            return None
        try:
            return _linked(path, self._free(path))
        except OSError:  # another file system, or one without links
            return None

    def _copied(self, path: Path) -> Path:
        """Write a copy under a hidden name, and give it its name when it is whole."""
        part = self.folder / f".{digest(os.fsencode(path.name))}.{os.getpid()}.part"
        try:
            write_whole(part, path.read_bytes())
            with suppress(OSError):
                shutil.copystat(path, part)
            try:
                return _linked(part, self._free(path))
            except OSError:  # a file system without links
                target = next(name for name in self._free(path) if not os.path.lexists(name))
                part.rename(target)
                return target
        finally:
            part.unlink(missing_ok=True)

    def _free(self, path: Path) -> Iterator[Path]:
        """Names in the order in which they are tried."""
        yield self.folder / path.name
        for number in itertools.count(2):
            yield self.folder / f"{path.stem}-{number}{path.suffix}"


def _linked(path: Path, names: Iterator[Path]) -> Path:
    """The first name that is free, as a second name of the file: no other process can take it at the same time."""
    for name in names:
        try:
            os.link(path, name)
        except FileExistsError:
            continue
        return name
    raise AssertionError("names do not end")


def _reason(error: OSError | ImageError) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return text.lower() if isinstance(error, OSError) else text.rstrip(".")
