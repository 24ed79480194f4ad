"""The table of a watch: a CSV file that lines are appended to, each whole, and that nothing else ever changes."""

import csv
import io
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vaeedit.api import ImageError, UsageError, cell
from vaeedit_anomaly.arrivals import Stamp
from vaeedit_anomaly.scoring import Row, Scored

COLUMNS = (
    *Scored(Path(), "").row(),
    *("error", "time", "alarm", "bytes", "modified", "model"),
)
"""Those of the table of `score`; when it was scored, where an alarm was put, the file's stamp, and which model scored it."""


def row_of(scored: Scored, stamp: Stamp, model: str, alarm: Path | None) -> Row:
    """The row of a picture."""
    return {
        **scored.row(),
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        **({} if alarm is None else {"alarm": str(alarm)}),
        "bytes": stamp[0],
        "modified": _modified(stamp),
        "model": model,
    }


@dataclass
class Log:
    """The table in the file `path`; without a file it remembers nothing."""

    path: Path | None
    model: str
    scores: list[float] = field(default_factory=list)
    """The scores that the table had at the start by this model, oldest first."""
    _known: set[tuple[str, ...]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Read what is there; raises UsageError for a file that is no such table."""
        for row in self._rows():
            self._known.add((row["file"], row["bytes"], row["modified"]))
            if row["model"] == self.model and row["score"]:
                with suppress(ValueError):  # somebody has edited the table
                    self.scores.append(float(row["score"]))

    def knows(self, path: Path, stamp: Stamp) -> bool:
        """Whether the table had this picture at the start."""
        return (cell(str(path)), str(stamp[0]), _modified(stamp)) in self._known

    def append(self, row: Row) -> None:
        """Add one line, and the header to a new file; raises ImageError, after which the file is as it was."""
        if self.path is None:
            return
        line = _line(cell(row.get(name, "")) for name in COLUMNS)
        try:
            with self.path.open("ab", buffering=0) as file:
                _append(file, line)
        except OSError as error:
            raise ImageError(
                f"The table {self.path} cannot be written: {(error.strerror or str(error)).lower()}."
            ) from error

    def _rows(self) -> Iterator[dict[str, str]]:
        """The rows of the file; a line that is damaged, such as the last one after a power failure, is passed over."""
        if self.path is None or not os.path.lexists(self.path):
            return
        if not self.path.is_file():
            raise UsageError(f"{self.path} is no file; name another one with --csv.")
        with self.path.open(encoding="utf-8", errors="replace", newline="") as file:
            first = file.readline(10_000)
            if first and first != _line(COLUMNS):
                raise UsageError(
                    f"{self.path} is there and is no table of `vaeedit anomaly watch`; name another file with --csv."
                )
            for line in file:
                cells = _cells(line)
                if len(cells) == len(COLUMNS):
                    yield dict(zip(COLUMNS, cells, strict=True))


def _modified(stamp: Stamp) -> str:
    """The time of the last change in seconds since 1970, with all of its digits."""
    return f"{stamp[1] // 10**9}.{stamp[1] % 10**9:09}"


def _append(file: Any, line: str) -> None:
    """Write a line to a file that is open for appending, in one piece or not at all."""
    length = file.seek(0, os.SEEK_END)
    before = _line(COLUMNS) if length == 0 else "" if _ends_whole(file.name) else "\n"
    data = (before + line).encode()
    try:
        if file.write(data) != len(data):
            raise OSError(None, "the disk is full")
    except OSError:
        file.truncate(length)
        raise


def _ends_whole(path: str) -> bool:
    """Whether the last line of a file is complete."""
    with open(path, "rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _line(cells: Any) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _cells(line: str) -> list[str]:
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        return []
