"""What a journal knows: which outputs are finished, and which files runs of vaeedit have written."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vaeedit.batch.jobs import Job
from vaeedit.batch.journal import BEGIN, Head, Record, require_journal
from vaeedit.batch.lines import SEAL, SEALED, decoded, digest, unsealed
from vaeedit.batch.sinks import Sink
from vaeedit.batch.sources import STREAM
from vaeedit.errors import UsageError, VaeeditError
from vaeedit.limits import PICTURE, read_regular

if TYPE_CHECKING:
    from vaeedit.batch.batch_spec import BatchSpec


@dataclass
class History(Sink):
    """What became of the files of earlier runs; of each the last counts."""

    last: dict[str, Record] = field(default_factory=dict)
    """By output, or what else tells a record from others (`Record.key`)."""
    written: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """By input and file: the hashes of all that was written there."""
    replaced: dict[str, Record] = field(default_factory=dict)
    """By hash: what was made in place since the last run that resumed no other; the originals are gone."""
    processes: set[str] = field(default_factory=set)
    """Those of the runs."""
    damaged: list[int] = field(default_factory=list)
    """Numbers of the lines that cannot be read or are out of place, but for those that a killed run left unfinished."""
    _digests: dict[str, tuple[tuple[int, ...], str]] = field(default_factory=dict)

    def take(self, line: Record | Head) -> None:
        """Take in a line of the journal."""
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
        """Whether a file holds what a run has written there for the same input, so that it may be replaced."""
        known = self.written.get((job.name, str(path)))
        return known is not None and self._digest(path) in known

    def finished(self, spec: "BatchSpec", job: Job) -> Record | None:
        """The record of a job whose output is there, whole, and what this input and these options give.

        In place the output is all there is: it is finished if a run has written it.
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
        """Hash of a file, read again only where it has changed; None where it cannot be read."""
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
    """What a journal holds; raises UsageError where there is none, or something else."""
    if not path.is_file():
        raise UsageError(f"There is no journal {path} to resume; leave out --resume.")
    require_journal(path)
    history, heads, cut = History(), set[Head](), 0
    for number, line in _lines(path):
        found = _understood(line)
        if cut and not isinstance(found, Head):
            history.damaged.append(cut)
        cut = number if found is None and _is_cut(line) else 0
        if isinstance(found, Head) and found not in heads:
            heads.add(found)
        elif not cut and (found is None or not heads or isinstance(found, Head)):
            history.damaged.append(number)
        if found is not None:
            history.take(found)
    if cut and line.endswith(b"\n"):
        history.damaged.append(cut)
    return history


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are not empty, with their numbers."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, line


def _understood(line: bytes) -> Record | Head | None:
    """None for a line that is not as it was written, or says something else."""
    try:
        data = unsealed(line)
        return decoded(data, Head) if data.startswith(BEGIN) else decoded(data, Record)
    except ValueError:
        return None


def _is_cut(line: bytes) -> bool:
    """Whether a line breaks off, as that does at which a run was killed; a head or nothing follows it."""
    text = line.rstrip(b"\n")
    return not text.endswith(b'"}') and (SEAL not in text or len(text.rpartition(SEAL)[2]) < SEALED)
