"""Finds the input pictures: files, folders, quoted patterns, and lists of names."""

import codecs
import errno
import glob
import os
import stat
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vaeedit.batch.journal import NAME as JOURNAL
from vaeedit.errors import UsageError
from vaeedit.image.files import is_picture
from vaeedit.limits import LIST as LISTED
from vaeedit.limits import read_regular, read_stream
from vaeedit.plain import plain

KINDS = 6
"""Most kinds of files that a sentence counts one by one."""
STREAM = "-"
LIST = "@"
"""@FILE is a file of names, one per line; @- reads them from standard input."""


@dataclass(frozen=True)
class Source:
    """A picture, and its path relative to the folder that was searched. The path None means standard input."""

    path: Path | None
    relative: Path
    folder: Path | None = None
    """The folder that was searched."""


def find_sources(inputs: Iterable[str], *, recursive: bool = False) -> list[Source]:
    """What `Search.sources` returns."""
    return Search(list(inputs), recursive).sources()


@dataclass
class Search:
    """Searches names, folders, patterns and lists for pictures, and counts the files of folders that it passes over."""

    inputs: Sequence[str]
    recursive: bool = False
    passed_over: Counter[str] = field(default_factory=Counter)
    """The number of files of each kind that the last search passed over: hidden ones, and others by their extension."""

    def sources(self) -> list[Source]:
        """Return all pictures in order; raises UsageError for a name that matches nothing.

        In a folder, pictures are the files that `is_picture` accepts, also those that vaeedit does not edit, which fail by
        name; with `recursive`, also those in sub-folders.
        A file that is named is taken whatever its extension is, so that a mistake is reported. A file in a list is taken
        even if it does not exist; it then fails alone.
        """
        self.passed_over.clear()
        sources: list[Source] = []
        for name in self.inputs:
            sources += self._listed(name[1:]) if name.startswith(LIST) else self._named(name)
        if not sources:
            raise UsageError(f"There is no picture in {', '.join(self.inputs)}. {self.note}".rstrip())
        return sources

    @property
    def note(self) -> str:
        """A sentence about the files that were passed over; empty if there are none."""
        if not self.passed_over:
            return ""
        most = self.passed_over.most_common()
        kinds = [f"{count:,} {kind}" for kind, count in most[:KINDS]]
        more = sum(count for _, count in most[KINDS:])
        counts = ", ".join([*kinds, f"{more:,} others"] if more else kinds)
        return f"Files of folders whose names are not those of pictures are passed over: {counts}. To edit one, name it."

    def _named(self, name: str) -> list[Source]:
        path = Path(name)
        if name == STREAM:
            return [Source(None, Path("stdin.png"))]
        if path.is_dir():
            return list(self._inside(path))
        if path.is_symlink() or path.exists():
            return [Source(path, Path(path.name))]
        if glob.has_magic(name):
            return self._matching(name)
        raise UsageError(f"There is no file {name}.")

    def _listed(self, name: str) -> list[Source]:
        """Return the pictures of a list; a line that cannot be a file name becomes a source that fails alone."""
        sources: list[Source] = []
        for number, line in enumerate(_content(name).removeprefix(codecs.BOM_UTF8).splitlines(), 1):
            text = line.strip().decode("utf-8", "surrogateescape")
            path = Path(text)
            try:
                if text:
                    sources += self._inside(path) if _is_folder(path) else [Source(path, Path(path.name))]
            except (OSError, ValueError):
                shown = Path(
                    f"line {number} of {Path(name).name} ({plain(text[:40]).replace(os.sep, ' ')}...)"
                )
                sources.append(Source(shown, shown))
        return sources

    def _inside(self, folder: Path) -> Iterator[Source]:
        """Yield the pictures of a folder, sorted. Links to folders are followed, but no folder is entered twice.

        A folder that cannot be read is yielded like a picture, so that it fails by name.
        """
        entered: set[tuple[int, int]] = set()
        closed: list[OSError] = []
        for root, folders, files in os.walk(folder, followlinks=True, onerror=closed.append):
            status = os.stat(root)
            if (status.st_dev, status.st_ino) in entered:
                folders.clear()
                continue
            entered.add((status.st_dev, status.st_ino))
            folders.sort()
            for name in sorted(files):
                path = Path(root, name)
                if self._is_picture(path):
                    yield Source(path, path.relative_to(folder), folder)
            if not self.recursive:
                break
        for error in closed:
            path = Path(error.filename)
            yield Source(path, path.relative_to(folder), folder)

    def _matching(self, pattern: str) -> list[Source]:
        """Return the pictures that match a pattern (** for any depth), relative to the folder before the first wildcard."""
        parts = Path(pattern).parts
        fixed = Path(*parts[: next(index for index, part in enumerate(parts) if glob.has_magic(part))])
        paths = sorted(Path(name) for name in glob.glob(pattern, recursive=True))
        pictures = [path for path in paths if not path.is_dir() and self._is_picture(path)]
        if not pictures:
            raise UsageError(f"No picture matches {pattern}. {self.note}".rstrip())
        return [Source(path, path.relative_to(fixed), fixed) for path in pictures]

    def _is_picture(self, path: Path) -> bool:
        """Whether a file that was found counts as a picture; counts one that does not, unless it is a journal."""
        found = is_picture(path)
        if not found and JOURNAL not in path.name:
            hidden = path.name.startswith(".")
            kind = "hidden" if hidden else plain(path.suffix.lower()) or "without an extension"
            self.passed_over[kind] += 1
        return found


def _content(name: str) -> bytes:
    if name != STREAM:
        return read_regular(name, LISTED, UsageError)
    return read_stream(sys.stdin.buffer, "The list on standard input", LISTED, UsageError)


def _is_folder(path: Path) -> bool:
    """Whether the path is a folder; raises OSError or ValueError for what cannot be a file name."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise
        return False
