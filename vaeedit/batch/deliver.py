"""How results reach their places: a worker writes them under temporary names, then the run renames them.

A result is in the journal before it appears. Results of a worker whose run has ended never appear.
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
from vaeedit.image.atomic import make_folder, put, write_part


class Parcel:
    """The files that a worker writes for one job. A context manager: if something fails, it removes them."""

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
        """Write the future file `path` under a temporary name and return the hash of its bytes; raises ImageError."""
        make_folder(path.parent)
        self.parts.append((str(write_part(path, data, self.run)), str(path)))
        return digest(data)


def deliver(record: Record, journal: Journal | None) -> Record:
    """Write the record to the journal, then put the results in their places; returns the record, now perhaps of a failure.

    Raises ImageError if the journal cannot be written; then no result has appeared.
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
    """Return the record of a job whose results did not appear, or are gone."""
    return msgspec.structs.replace(
        record, status="failed", error=error, written="", sides={}, sides_written={}
    )


def _remove(parts: list[tuple[str, str]]) -> None:
    for part, _ in parts:
        with suppress(OSError):
            os.unlink(part)
