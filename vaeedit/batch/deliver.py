"""How results reach their places: a worker writes them under temporary names, and the run gives them their own.

The journal tells of a result before it appears; and what a worker writes whose run has ended never appears.
"""

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import msgspec
from msgspec import UNSET

from vaeedit.batch.journal import Journal, Record
from vaeedit.batch.lines import digest
from vaeedit.errors import ImageError
from vaeedit.image.files import make_folder, put, write_part


class Parcel:
    """What a worker has written for one job; use it as a context manager, which removes it where something fails."""

    def __init__(self, run: str) -> None:
        self.run, self.parts = run, list[tuple[str, str]]()

    def __enter__(self) -> "Parcel":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            _remove(self.parts)

    def add(self, path: Path, data: bytes) -> str:
        """Write what is to become the file `path`; gives the hash of its bytes; raises ImageError."""
        make_folder(path.parent)
        self.parts.append((str(write_part(path, data, self.run)), str(path)))
        return digest(data)


def deliver(record: Record, journal: Journal | None) -> Record:
    """Tell the journal, then put the results in their places; gives what became of them.

    Raises ImageError where the journal cannot be written; then nothing has appeared.
    """
    parts = record.parts or []
    record = msgspec.structs.replace(record, parts=UNSET)
    try:
        if journal is not None and record.status != "finished":
            journal.append(record)
        return _placed(record, parts, journal)
    finally:
        _remove(parts)


def _placed(record: Record, parts: list[tuple[str, str]], journal: Journal | None) -> Record:
    try:
        for part, path in parts:
            put(Path(part), Path(path))
        return record
    except ImageError as error:
        record = failure(record, f"{record.input}: {error}")
        if journal is not None:
            journal.append(record)
        return record


def failure(record: Record, error: str) -> Record:
    """The record of a job whose results did not appear, or are there no more."""
    return msgspec.structs.replace(
        record, status="failed", error=error, written="", sides={}, sides_written={}
    )


def _remove(parts: list[tuple[str, str]]) -> None:
    for part, _ in parts:
        with suppress(OSError):
            os.unlink(part)
