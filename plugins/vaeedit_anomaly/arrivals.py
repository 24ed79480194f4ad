"""Finds the pictures that have come into a folder and are complete."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from vaeedit.api import image_files

Stamp = tuple[int, int]
"""Size in bytes and time of the last change in nanoseconds: a picture with another stamp is another picture."""


@dataclass
class Arrivals:
    """The pictures of a folder, not of its subfolders; `known` says which of them are not new. `warn` receives sentences."""

    folder: Path
    known: Callable[[Path, Stamp], bool]
    warn: Callable[[str], None]
    changing: int = 0
    """How many new pictures were still changing at the last look."""
    unreadable: set[Path] = field(default_factory=set)
    """New pictures that could not be opened at the last look."""
    _seen: dict[Path, Stamp] = field(default_factory=dict)
    _done: dict[Path, Stamp] = field(default_factory=dict)
    _gone: bool = False

    def look(self) -> list[tuple[Path, Stamp]]:
        """The new pictures that have not changed since the last look and can be opened, in the order of their last change.

        A folder that is gone, such as a share of a network, is waited for.
        """
        found = self._found()
        if found is None:
            return []
        self._done = {path: stamp for path, stamp in found.items() if self._is_known(path, stamp)}
        new = {path: stamp for path, stamp in found.items() if path not in self._done}
        still = {path: stamp for path, stamp in new.items() if self._seen.get(path) == stamp}
        self.changing = len(new) - len(still)
        closed = {path for path in still if not _opens(path)}
        for path in sorted(closed - self.unreadable):
            self.warn(f"{path} cannot be opened yet; it is tried again.")
        self.unreadable, self._seen = closed, found
        return sorted((item for item in still.items() if item[0] not in closed), key=_order)

    def pass_over(self) -> None:
        """Take the pictures of the last look for known ones."""
        self._done |= self._seen

    def take(self, path: Path, stamp: Stamp) -> None:
        """Note that a picture is done."""
        self._done[path] = stamp

    def _is_known(self, path: Path, stamp: Stamp) -> bool:
        return self._done.get(path) == stamp or self.known(path, stamp)

    def _found(self) -> dict[Path, Stamp] | None:
        """The pictures with their stamps; None if the folder cannot be read."""
        try:
            paths = image_files([self.folder])
            gone = not self.folder.is_dir()
        except OSError:
            gone = True
        if gone and not self._gone:
            self.warn(f"The folder {self.folder} cannot be read; it is waited for.")
        self._gone = gone
        stamps = {} if gone else {path: stamp_of(path) for path in paths}
        return None if gone else {path: stamp for path, stamp in stamps.items() if stamp is not None}


def stamp_of(path: Path) -> Stamp | None:
    """The stamp of a file; None if it is gone."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _opens(path: Path) -> bool:
    """Whether a file can be opened; some systems refuse it while another program writes."""
    try:
        with path.open("rb"):
            return True
    except OSError:
        return False


def _order(item: tuple[Path, Stamp]) -> tuple[int, Path]:
    return item[1][1], item[0]
