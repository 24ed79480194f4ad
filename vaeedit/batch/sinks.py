"""Sinks receive the records of a batch as they come: printed lines, counts, tables, pages.

The journal is no sink: it gets a record before the result appears, and sinks get it when the result is in place.
"""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from vaeedit.batch.journal import Record


class Sink(ABC):
    """Receives the record of every file; use it as a context manager."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()

    @abstractmethod
    def take(self, record: Record) -> None:
        """Take the record of a file. A second record of a file, of a failure, means that its results are gone."""

    def close(self) -> None:  # noqa: B027  # most sinks have nothing to write
        """Write what needs all records; not called if an error has ended the batch. Raises ImageError."""
