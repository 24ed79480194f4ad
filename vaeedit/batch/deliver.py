"""How results reach their places: a worker writes them under temporary names, then the run renames them.

A result is in the journal before it appears. Results of a worker whose run has ended never appear.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from msgspec import UNSET

from vaeedit.batch.journal import Journal, Record
from vaeedit.batch.lines import digest
from vaeedit.errors import ImageError
from vaeedit.image.atomic import make_folder, put, write_part

Parts = list[tuple[str, str]]
"""Temporary files and their final names."""


@contextmanager
def removed_on_error(parts: Parts) -> Iterator[None]:
    """Remove the temporary files if the `with` block fails."""
    try:
        yield
    except BaseException:
        _remove(parts)
        raise


def add_part(parts: Parts, path: Path, data: bytes, run: str) -> str:
    """Write the future file `path` under a temporary name and return the hash of its bytes; raises ImageError."""
    make_folder(path.parent)
    parts.append((str(write_part(path, data, run)), str(path)))
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
        try:
            for part, path in parts:
                put(Path(part), Path(path))
        except ImageError as error:
            record = failure(record, f"{record.input}: {error}")
            if journal is not None:
                journal.append(record)
        return record
    finally:
        _remove(parts)


def failure(record: Record, error: str) -> Record:
    """Return the record of a job whose results did not appear, or are gone."""
    return msgspec.structs.replace(
        record, status="failed", error=error, written="", sides={}, sides_written={}
    )


def _remove(parts: Parts) -> None:
    for part, _ in parts:
        with suppress(OSError):
            os.unlink(part)
