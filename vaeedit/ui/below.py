"""The files that the page may read and write: those below the root that its user named at the start."""

import os
from pathlib import Path

from vaeedit.batch.clashes import real
from vaeedit.errors import UsageError
from vaeedit.plain import plain

LONGEST = 100
"""Most characters of a name that a message quotes."""


def below(root: Path, text: str) -> Path:
    """The file or folder that a name relative to the root means; "" is the root itself. It need not exist.

    Raises UsageError for an absolute name, for "..", and for a link that leads out of the root.
    """
    shown = repr(plain(text[:LONGEST]))
    if "\0" in text or Path(text).is_absolute() or ".." in Path(text).parts:
        raise UsageError(f"{shown} is not a name below the root; write it relative to {root}, without '..'.")
    return within(root, Path(real(root), text))


def within(root: Path, path: Path) -> Path:
    """The path itself, if all its links stay below the root; raises UsageError otherwise."""
    if not is_within(root, path):
        shown = plain(os.fspath(path)[-LONGEST:])
        raise UsageError(f"{shown} lies outside of the root {root}; nothing there is read or written.")
    return path


def is_within(root: Path, path: Path) -> bool:
    """Whether a path lies in the root once all links are followed."""
    try:
        return real(path).is_relative_to(real(root))
    except (OSError, ValueError):  # a name that no file can have
        return False
