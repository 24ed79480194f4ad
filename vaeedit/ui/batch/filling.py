"""Follows the journal of a batch while it is written; only new lines are read."""

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from vaeedit.batch.history import parsed
from vaeedit.batch.journal import Head, Record
from vaeedit.image.atomic import has_ended

NEWEST, FAILURES = 24, 200
"""Most results, and most failures, that the page shows."""
PIECE = 8 << 20
"""Most bytes that are read at once; the rest is read the next time."""


@dataclass
class Filling:
    """What a journal says of the files of its last run, and of the runs that it resumed."""

    path: Path
    failed: dict[str, bool] = field(default_factory=dict)
    """Whether a file has failed, by the key of its record."""
    failures: dict[str, Record] = field(default_factory=dict)
    _newest: deque[Record] = field(default_factory=lambda: deque(maxlen=NEWEST))
    fresh: int = 0
    """Records since this began to follow the journal."""
    damaged: int = 0
    process: str = ""
    """That of the last run, as the journal names it."""
    _offset: int = 0
    _reading: Lock = field(default_factory=Lock)
    """Several pages look at a batch at the same time."""

    @property
    def done(self) -> int:
        """Files that are done."""
        return len(self.failed) - sum(self.failed.values())

    @property
    def is_claimed(self) -> bool:
        """Whether the last run seems to be under way: its lock file is there, and its process has not ended."""
        lock = self.path.with_name(f".{self.path.name}.lock")
        return bool(self.process) and lock.exists() and not has_ended(self.process)

    def latest(self, most: int = NEWEST) -> list[Record]:
        """The last results, the newest first."""
        return list(self._newest)[: -most - 1 : -1]

    def read(self) -> None:
        """Read the lines that have come since; a journal that is not there, or cannot be read, has none."""
        with self._reading:
            self._read()

    def _read(self) -> None:
        try:
            with self.path.open("rb") as file:
                if file.seek(0, 2) < self._offset:  # another journal has taken its place
                    self._offset = 0
                file.seek(self._offset)
                lines = file.read(PIECE).splitlines(keepends=True)
        except OSError:
            return
        for line in lines:
            if line.endswith(b"\n"):
                self._offset += len(line)
                self._take(line)

    def skip_known(self) -> None:
        """Read what is there, so that `fresh` counts what comes from now on."""
        before = -1
        while before != self._offset:
            before = self._offset
            self.read()
        self.fresh = 0

    def _take(self, line: bytes) -> None:
        entry = parsed(line)
        if isinstance(entry, Head):
            self.process = entry.process
            if not entry.resumes:
                self.forget()
        elif entry is not None and entry.status in ("done", "failed"):
            self.fresh += 1
            self.failed[entry.key] = entry.failed
            self.failures.pop(entry.key, None)
            if not entry.failed:
                self._newest.append(entry)
            elif len(self.failures) < FAILURES:
                self.failures[entry.key] = entry
        elif entry is None and line.strip():
            self.damaged += 1

    def forget(self) -> None:
        """Begin with a run that resumes none."""
        for kept in (self.failed, self.failures, self._newest):
            kept.clear()
