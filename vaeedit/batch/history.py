"""Reads a journal: which outputs are finished, and which files were written by vaeedit."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vaeedit.batch.jobs import Job
from vaeedit.batch.journal import BEGIN, Head, Record, require_journal
from vaeedit.batch.lines import SUM, SUM_LENGTH, decoded, digest, without_sum
from vaeedit.batch.sinks import Sink
from vaeedit.batch.sources import STREAM
from vaeedit.errors import UsageError, VaeeditError
from vaeedit.limits import PICTURE, read_regular

if TYPE_CHECKING:
    from vaeedit.batch.batch_spec import BatchSpec


@dataclass
class History(Sink):
    """The results of earlier runs; of several records of a file, the last one counts."""

    last: dict[str, Record] = field(default_factory=dict)
    """The last record of each file, by `Record.key`."""
    written: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """The hashes of everything that was written to a file, by input and file."""
    replaced: dict[str, Record] = field(default_factory=dict)
    """The records of pictures that replaced their inputs, by hash; since the last run that did not resume another one."""
    processes: set[str] = field(default_factory=set)
    """The processes of these runs; their temporary files carry these names."""
    damaged: list[int] = field(default_factory=list)
    """Numbers of lines that are damaged or out of place; lines that a killed run left unfinished do not count."""
    _digests: dict[str, tuple[tuple[int, ...], str]] = field(default_factory=dict)

    def take(self, line: Record | Head) -> None:
        """Add a line of the journal."""
        if isinstance(line, Head):
            self.processes.add(line.process)
            if not line.resumes:
                self.replaced.clear()
            return
        if line.status not in ("done", "failed"):
            return
        self.last[line.key] = line
        if line.status == "failed":
            return
        for path, written in line.files.items():
            self.written.setdefault((line.input, path), set()).add(written)
        if line.input == line.output:
            self.replaced[line.written] = line

    def wrote(self, job: Job, path: Path) -> bool:
        """Whether the file holds the bytes that a run has written there for the same input, so that it may be replaced."""
        known = self.written.get((job.name, str(path)))
        return known is not None and self._digest(path) in known

    def finished(self, spec: "BatchSpec", job: Job) -> Record | None:
        """Return the record of a job if its output exists unchanged and was made from this input with these options.

        With --in-place the original input is gone: the job is finished if a run has written the file's bytes.
        """
        if job.source is None or job.output == STREAM:
            return None
        if job.in_place and job.target is not None:
            return self.replaced.get(self._digest(job.target) or "")
        record = self.last.get(job.key)
        if record is None or record.status != "done" or record.input != job.name:
            return None
        if any(self._digest(Path(path)) != written for path, written in record.files.items()):
            return None
        if any(str(job.sides.get(name)) != path for name, path in record.sides.items()):
            return None
        try:
            data = read_regular(job.source, PICTURE)
            return record if spec.fingerprint(data, job) == record.fingerprint else None
        except (VaeeditError, OSError):
            return None

    def _digest(self, path: Path) -> str | None:
        """Return the hash of a file, or None if it cannot be read. The file is read again only if it has changed."""
        try:
            status = os.stat(path)
            stamp = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
            known = self._digests.get(str(path))
            if known is None or known[0] != stamp:
                known = self._digests[str(path)] = stamp, digest(read_regular(path, PICTURE))
            return known[1]
        except (VaeeditError, OSError, ValueError):
            return None


def read_history(path: Path) -> History:
    """Read a journal; raises UsageError if there is none, or if the file is no journal."""
    if not path.is_file():
        raise UsageError(f"There is no journal {path} to resume; leave out --resume.")
    require_journal(path)
    history, heads, cut = History(), set[Head](), 0
    for number, line in _lines(path):
        entry = parsed(line)
        if cut and not isinstance(entry, Head):
            history.damaged.append(cut)
        cut = number if entry is None and _is_cut(line) else 0
        if isinstance(entry, Head) and entry not in heads:
            heads.add(entry)
        elif not cut and (entry is None or not heads or isinstance(entry, Head)):
            history.damaged.append(number)
        if entry is not None:
            history.take(entry)
    if cut and line.endswith(b"\n"):
        history.damaged.append(cut)
    return history


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not empty, with their numbers."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, line


def parsed(line: bytes) -> Record | Head | None:
    """Parse a line; None for a line that is damaged or holds something else."""
    try:
        data = without_sum(line)
        return decoded(data, Head) if data.startswith(BEGIN) else decoded(data, Record)
    except ValueError:
        return None


def _is_cut(line: bytes) -> bool:
    """Whether a line is incomplete, as the last line of a run that was killed; a head or nothing follows it."""
    text = line.rstrip(b"\n")
    return not text.endswith(b'"}') and (SUM not in text or len(text.rpartition(SUM)[2]) < SUM_LENGTH)
