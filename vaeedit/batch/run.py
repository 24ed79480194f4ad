"""A batch from its jobs to its end: what is finished already, an engine, the journal, the summary."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from vaeedit.batch.jobs import Job
from vaeedit.batch.journal import History, Journal, Record, digest
from vaeedit.batch.order import Order
from vaeedit.image.files import make_folder, write_whole

Engine = Callable[[Order, Iterable[Job | None]], Iterator[Record]]


@dataclass
class Summary:
    """What became of a batch."""

    done: int = 0
    skipped: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    """Cause by input."""
    seconds: float = 0.0
    stopped: bool = False
    """Whether a failure ended the run early."""

    def add(self, record: Record) -> None:
        """Count one file."""
        if record.failed:
            self.failures[record.input] = record.error
        elif record.status == "done":
            self.done += 1
        else:
            self.skipped += 1

    def sentence(self, files: int) -> str:
        """How it went."""
        left = f", {self.skipped} left alone" if self.skipped else ""
        failed = f", {len(self.failures)} failed" if self.failures else ""
        early = " Stopped at the first failure." if self.stopped else ""
        return f"{self.done} of {files} done{left}{failed}.{early}"

    def write(self, path: Path) -> None:
        """As a JSON file; raises ImageError where that cannot be written."""
        make_folder(path.parent)
        write_whole(path, msgspec.json.format(msgspec.json.encode(self.as_dict()), indent=2) + b"\n")

    def as_dict(self) -> dict[str, Any]:
        """For a report."""
        files = self.done + len(self.failures)
        return {
            "done": self.done,
            "skipped": self.skipped,
            "failed": len(self.failures),
            "stopped_early": self.stopped,
            "seconds": round(self.seconds, 3),
            "seconds_per_file": round(self.seconds / files, 3) if files else None,
            "failures": [{"input": name, "error": text} for name, text in self.failures.items()],
        }


def run_batch(
    order: Order,
    jobs: Iterable[Job | None],
    engine: Engine,
    *,
    journal: Journal | None = None,
    history: History | None = None,
    fail_fast: bool = False,
    tell: Callable[[Record], None] = lambda record: None,
) -> Summary:
    """Do every job and return the summary; `tell` gets each record as it comes.

    A None among the jobs means that there is none yet. By the `history` of a run that is resumed, an output is left
    alone where input and options are the same and every byte is as it was written; anything else is made again.
    Raises what a wrong request raises, before any work.
    """
    _ = order.steps  # faults of the pipeline come before any work
    summary, started = Summary(), time.perf_counter()
    with journal or nullcontext():
        for record in _records(order, jobs, engine, history.records if history else {}):
            if journal is not None and record.status != "finished":
                journal.append(record)
            summary.add(record)
            tell(record)
            if record.failed and fail_fast:
                summary.stopped = True
                break
    summary.seconds = time.perf_counter() - started
    return summary


def _records(
    order: Order, jobs: Iterable[Job | None], engine: Engine, known: Mapping[str, Record]
) -> Iterator[Record]:
    """Records of what the engine does and of what needs no doing."""
    resting: deque[Record] = deque()

    def unfinished() -> Iterator[Job | None]:
        for job in jobs:
            if job is None:
                yield None
                continue
            record = known.get(str(job.target))
            if job.skipped:
                resting.append(Record(input=job.name, output=str(job.target), status="skipped"))
            elif record is not None and is_finished(order, job, record):
                resting.append(msgspec.structs.replace(record, status="finished"))
            else:
                yield job

    for record in engine(order, unfinished()):
        while resting:
            yield resting.popleft()
        yield record
    yield from resting


def is_finished(order: Order, job: Job, record: Record) -> bool:
    """Whether the output of a job is there, whole, and what this input and these options give."""
    if record.status != "done" or job.source is None or job.target is None:
        return False
    try:
        if digest(job.target.read_bytes()) != record.written:
            return False
        return order.fingerprint(job.source.read_bytes(), job) == record.fingerprint
    except OSError:
        return False
