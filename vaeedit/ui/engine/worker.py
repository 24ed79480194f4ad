"""What a task gets as its first argument: the session of its process, pictures, and a way to say how far it is."""

import os
from functools import cached_property
from pathlib import Path

from vaeedit.image import Frame, read
from vaeedit.run.session import Session
from vaeedit.settings import Settings
from vaeedit.ui.engine.cache import Cache
from vaeedit.ui.engine.rasters import shrunk
from vaeedit.ui.engine.serving import Line
from vaeedit.ui.engine.speed import Speeds

PIXELS = 512 << 20
"""Bytes of decoded pictures that a process keeps."""


class Worker:
    """The session and the caches of a process."""

    def __init__(self, settings: Settings, line: Line) -> None:
        self.settings = settings
        self._line = line
        self.speeds = Speeds()
        self.frames: Cache[Frame] = Cache(PIXELS, _bytes)
        """Decoded pictures, and versions of them, by file and what was made of it."""

    @cached_property
    def session(self) -> Session:
        """The session, with the VAEs that it has loaded; raises UsageError for a device that is missing."""
        return Session(self.settings)

    def frame(self, path: str | os.PathLike[str]) -> Frame:
        """The picture in a file (the first one, if it holds several), decoded once while the file stays as it is.

        Raises ImageError.
        """
        return self.frames.get(stamp(path), lambda: read(path))

    def shrunk(self, path: str | os.PathLike[str], width: int, height: int) -> Frame:
        """The same picture with fewer pixels; it is kept, and so are its halves, from which smaller ones are made."""
        frame = self.frame(path)
        half = frame.width // 2, frame.height // 2
        while half[0] >= width and half[1] >= height:
            frame = self._shrunk(path, frame, *half)
            half = frame.width // 2, frame.height // 2
        return self._shrunk(path, frame, min(width, frame.width), min(height, frame.height))

    def _shrunk(self, path: str | os.PathLike[str], larger: Frame, width: int, height: int) -> Frame:
        return self.frames.get((*stamp(path), width, height), lambda: shrunk(larger, width, height))

    @property
    def outdated(self) -> bool:
        """Whether nobody wants the result of the task any more."""
        return self._line.outdated

    def tell(self, done: float, text: str = "") -> None:
        """Say that the share `done` (0 to 1) is done, and what is being done; ends the task here if it is outdated."""
        self._line.tell(done, text)


def stamp(path: str | os.PathLike[str]) -> tuple[str, int, int]:
    """What tells a file from a later one of the same name."""
    try:
        found = os.stat(path)
    except OSError:  # reading it says what is wrong
        return os.fspath(path), 0, 0
    return str(Path(path)), found.st_mtime_ns, found.st_size


def _bytes(frame: Frame) -> int:
    arrays = (frame.pixels, frame.alpha, frame.std)
    return sum(array.nbytes for array in arrays if array is not None)
