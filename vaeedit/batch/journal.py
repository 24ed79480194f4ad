"""The journal: one JSON line for every file that was done or failed, beside the outputs; what `--resume` goes by.

Lines are appended and flushed one by one, by one process. A run that was killed leaves at most one line cut short,
which reading passes over and the next run starts a new line after.
"""

import errno
import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from vaeedit.errors import ImageError, UsageError
from vaeedit.image.files import make_folder

NAME = "vaeedit-journal.jsonl"


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one input."""

    input: str
    output: str
    status: str
    """done, failed, skipped (the output existed before), or finished (by the run that this one resumes)."""
    width: int = 0
    height: int = 0
    seconds: float = 0.0
    device: str = ""
    precision: str = ""
    tile: int | None = None
    seed: int = 0
    steps: list[dict[str, Any]] = []
    """Operation, options, VAE and its checksum, of each step."""
    fingerprint: str = ""
    """Hash of the input's bytes and of everything that decides the output."""
    written: str = ""
    """Hash of the output's bytes."""
    sides: dict[str, str] = {}
    """Side pictures by name."""
    notes: dict[str, Any] = {}
    warnings: list[str] = []
    rungs: list[str] = []
    """What was tried when memory ran out."""
    error: str = ""

    @property
    def failed(self) -> bool:
        """Whether there is no output."""
        return self.status == "failed"


class Start(msgspec.Struct, frozen=True):
    """The first line of a run: the outputs that were there before it."""

    existed: list[str] = []


class Journal:
    """Appends a run's records to a file, opened with the first of them; use it as a context manager."""

    def __init__(self, path: Path, start: Start | None = None) -> None:
        self.path, self._start = path, start or Start()
        self._file: FileIO | None = None

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def append(self, record: Record) -> None:
        """Write one line, at once; raises ImageError."""
        try:
            if self._file is None:
                self._file = self._opened()
            _write_line(self._file, record)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise ImageError(f"The journal {self.path} cannot be written: {reason}.") from error

    def _opened(self) -> FileIO:
        make_folder(self.path.parent)
        file = self.path.open("ab+", buffering=0)
        if file.tell() and not _ends_a_line(self.path):
            file.write(b"\n")
        _write_line(file, self._start)
        return file


@dataclass(frozen=True)
class History:
    """What a journal knows: the last record of each output, and the outputs that were there before any run."""

    records: Mapping[str, Record] = field(default_factory=dict)
    existed: frozenset[str] = frozenset()
    resumed: bool = False

    def made(self, output: Path) -> bool:
        """Whether an output that exists must come from a run that is resumed; it may be replaced."""
        return self.resumed and str(output) not in self.existed

    def start(self, outputs: Iterable[Path]) -> Start:
        """The first line of a run that will write these outputs."""
        return Start([str(output) for output in outputs if output.exists() and not self.made(output)])


def read_history(path: Path) -> History:
    """What a journal holds; a line that was cut short is passed over. Raises UsageError where there is none."""
    if not path.is_file():
        raise UsageError(f"There is no journal {path} to resume; leave out --resume.")
    records: dict[str, Record] = {}
    existed: set[str] = set()
    with path.open("rb") as file:
        for line in file:
            try:
                found = msgspec.json.decode(line, type=dict)
                if "existed" in found:
                    existed |= set(msgspec.convert(found, Start).existed)
                else:
                    record = msgspec.convert(found, Record)
                    records[record.output] = record
            except msgspec.MsgspecError:
                continue
    return History(records, frozenset(existed), True)


def digest(*parts: bytes) -> str:
    """BLAKE2b of the parts, in hexadecimal; each part's length counts, so that no two lists give the same bytes."""
    found = hashlib.blake2b(digest_size=20)
    for part in parts:
        found.update(len(part).to_bytes(8, "big"))
        found.update(part)
    return found.hexdigest()


def _write_line(file: FileIO, line: Record | Start) -> None:
    data = msgspec.json.encode(line) + b"\n"
    if file.write(data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
