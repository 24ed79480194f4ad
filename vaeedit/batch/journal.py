"""The journal: one JSON line for every file that was done or failed. `--resume` reads it.

A line is on the disk before the output that it records appears under its name. So every output of a killed run is in the
journal, and a file whose hash is not in the journal was not written by vaeedit.
"""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from vaeedit import __version__
from vaeedit.batch.lines import with_sum, without_sum
from vaeedit.errors import ImageError, UsageError
from vaeedit.image.atomic import make_folder, this_process
from vaeedit.limits import LIST, require_regular

NAME = "vaeedit-journal.jsonl"
FORMAT = 1
BEGIN = b'{"journal":'
"""The first bytes of every journal."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one input."""

    input: str
    """Path of the input."""
    output: str
    """Empty if no output was wanted."""
    status: str
    """done, failed, skipped (the output existed before), or finished (done by the run that is resumed)."""
    width: int = 0
    """Width of the input in pixels; 0 if it was not read."""
    height: int = 0
    """Height of the input in pixels."""
    seconds: float = 0.0
    """How long it took."""
    device: str = ""
    """Device that it ran on."""
    precision: str = ""
    """Precision of the network."""
    tile: int | list[int] | None = None
    """Side of the tiles in pixels, or their height and width as a step chose them; None if the picture was edited whole."""
    seed: int = 0
    """Seed of everything random."""
    steps: list[dict[str, Any]] = []
    """The operation, package, options, VAE and its checksum of each step."""
    fingerprint: str = ""
    """Hash of the input's bytes and of everything that determines the output."""
    written: str = ""
    """Hash of the output's bytes."""
    sides: dict[str, str] = {}
    """Paths of the side pictures (maps and comparisons), by name."""
    sides_written: dict[str, str] = {}
    """Hashes of the side pictures' bytes, by the same names."""
    notes: dict[str, Any] = {}
    """Notes of the steps by their labels."""
    pages: list[dict[str, Any]] = []
    """The notes of each picture of an input that holds several; `notes` is empty then."""
    warnings: list[str] = []
    """Sentences about what is lost or doubtful."""
    rungs: list[str] = []
    """What was tried when memory ran out."""
    error: str = ""
    """Why it failed; empty otherwise."""
    parts: list[tuple[str, str]] | UnsetType = UNSET
    """Temporary files and their final names; set by a worker, never in a journal."""

    @property
    def failed(self) -> bool:
        """Whether there is no output."""
        return self.status == "failed"

    @property
    def files(self) -> dict[str, str]:
        """The hash of every file that was written, by path."""
        sides = {path: self.sides_written.get(name, "") for name, path in self.sides.items()}
        return {self.output: self.written, **sides} if self.output else sides

    @property
    def key(self) -> str:
        """Identifies the file that the record is about."""
        return key_of(self.input, self.output)


def key_of(name: str, output: str) -> str:
    """Return what identifies a file in a batch: its output or, if it has none, its own name."""
    return output or f"\0{name}"


class Head(msgspec.Struct, frozen=True):
    """The first line of a run."""

    journal: int
    vaeedit: str
    process: str
    """Host and process number, as temporary files of the run carry them."""
    resumes: bool
    """Whether it resumes the run before it."""
    started: float
    """Seconds since 1970; no two runs have the same head."""


class Journal:
    """Appends the records of a run to a file; use it as a context manager.

    If the run fails before its first record, a new journal is removed again.
    """

    def __init__(self, path: Path, *, resumes: bool = False) -> None:
        self.path, self.resumes = path, resumes
        self._file: FileIO | None = None
        self._is_new = self._has_records = False

    def __enter__(self) -> "Journal":
        with self._as_image_error():
            self._is_new = not self.path.exists()
            if not self._is_new:
                require_journal(self.path)
            try:
                self._file = self._opened()
            except BaseException:  # an interrupt while the first line is written
                self._remove_unused()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
        if kind is not None:
            self._remove_unused()

    def _remove_unused(self) -> None:
        if self._is_new and not self._has_records:
            self.path.unlink(missing_ok=True)

    def append(self, record: Record) -> None:
        """Write one line; it is on the disk when this returns. Raises ImageError."""
        assert self._file is not None
        with self._as_image_error():
            if os.fstat(self._file.fileno()).st_nlink == 0:  # the journal was removed meanwhile
                self._file.close()
                self._file = self._opened()
            self._has_records = True
            _write_line(self._file, record)

    def _opened(self) -> FileIO:
        make_folder(self.path.parent)
        file = self.path.open("ab+", buffering=0)
        if file.tell() and not _ends_a_line(self.path):
            file.write(b"\n")
        _write_line(file, Head(FORMAT, __version__, this_process(), self.resumes, time.time()))
        return file

    @contextmanager
    def _as_image_error(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise ImageError(f"The journal {self.path} cannot be written: {reason}.") from error


def require_journal(path: Path) -> None:
    """Raise UsageError for a file that is no journal, so that nothing is appended to it."""
    require_regular(path, LIST, UsageError)
    with path.open("rb") as file:
        start = file.read(len(BEGIN))
        file.seek(0)
        if start and start != BEGIN and not any(map(_is_whole, file)):
            raise UsageError(f"{path} is no journal; name another file with --journal, or remove it.")


def _is_whole(line: bytes) -> bool:
    """Whether the checksum of a line is right."""
    try:
        return bool(without_sum(line))
    except ValueError:
        return False


def _write_line(file: FileIO, line: Record | Head) -> None:
    data, end = with_sum(line), file.tell()
    if file.write(data) != len(data):
        file.truncate(end)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(file.fileno())


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
