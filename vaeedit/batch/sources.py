"""From what the user typed to pictures: files, folders, quoted patterns, and lists of names."""

import codecs
import errno
import glob
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vaeedit.errors import UsageError
from vaeedit.image.files import FORMATS
from vaeedit.limits import LIST as LISTED
from vaeedit.limits import read_regular, read_stream
from vaeedit.plain import plain

STREAM = "-"
LIST = "@"
"""@FILE holds names, one a line; @- reads them from standard input."""


@dataclass(frozen=True)
class Source:
    """A picture and where it stands below the folder it was found in; the path None stands for standard input."""

    path: Path | None
    relative: Path
    folder: Path | None = None
    """The folder that was searched."""


def find_sources(inputs: Iterable[str], *, recursive: bool = False) -> list[Source]:
    """All pictures in order; raises UsageError for a name that means nothing.

    Of a folder every file with a picture's extension, with `recursive` those of its sub-folders too. A file that is
    named is taken whatever its extension, so that a mistake is reported and not passed over; so is one in a list
    that does not exist, which fails alone.
    """
    inputs = list(inputs)
    found: list[Source] = []
    for name in inputs:
        found += _listed(name[1:], recursive) if name.startswith(LIST) else _named(name, recursive)
    if not found:
        raise UsageError(f"There is no picture in {', '.join(inputs)}.")
    return found


def _named(name: str, recursive: bool) -> list[Source]:
    path = Path(name)
    if name == STREAM:
        return [Source(None, Path("stdin.png"))]
    if path.is_dir():
        return list(_inside(path, recursive))
    if path.is_symlink() or path.exists():
        return [Source(path, Path(path.name))]
    if glob.has_magic(name):
        return _matching(name)
    raise UsageError(f"There is no file {name}.")


def _listed(name: str, recursive: bool) -> list[Source]:
    """The pictures of a list; a line that can be no name of a file stands for itself and fails alone."""
    found: list[Source] = []
    for number, line in enumerate(_content(name).removeprefix(codecs.BOM_UTF8).splitlines(), 1):
        text = line.strip().decode("utf-8", "surrogateescape")
        path = Path(text)
        try:
            if text:
                found += _inside(path, recursive) if _is_folder(path) else [Source(path, Path(path.name))]
        except (OSError, ValueError):
            shown = Path(f"line {number} of {Path(name).name} ({plain(text[:40]).replace(os.sep, ' ')}...)")
            found.append(Source(shown, shown))
    return found


def _content(name: str) -> bytes:
    if name != STREAM:
        return read_regular(name, LISTED, UsageError)
    return read_stream(sys.stdin.buffer, "The list on standard input", LISTED, UsageError)


def _is_folder(path: Path) -> bool:
    """Raises OSError or ValueError for what can be no name of a file."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise
        return False


def _inside(folder: Path, recursive: bool) -> Iterator[Source]:
    """Pictures of a folder, sorted; links to folders are followed, but no folder is entered twice.

    A folder that cannot be read is given as if it were a picture, so that it fails by name and nothing is lost quietly.
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
            if path.suffix.lower() in FORMATS and not name.startswith("."):
                yield Source(path, path.relative_to(folder), folder)
        if not recursive:
            break
    for error in closed:
        path = Path(error.filename)
        yield Source(path, path.relative_to(folder), folder)


def _matching(pattern: str) -> list[Source]:
    """Pictures that a pattern names, ** for any depth; relative to the part of the pattern that names one folder."""
    parts = Path(pattern).parts
    fixed = Path(*parts[: next(index for index, part in enumerate(parts) if glob.has_magic(part))])
    paths = sorted(Path(name) for name in glob.glob(pattern, recursive=True))
    pictures = [path for path in paths if path.suffix.lower() in FORMATS and not path.is_dir()]
    if not pictures:
        raise UsageError(f"No picture matches {pattern}.")
    return [Source(path, path.relative_to(fixed), fixed) for path in pictures]
