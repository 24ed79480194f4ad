"""A batch from its jobs to its end: what is finished already, an engine, the results in their places, the journal."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, field

import msgspec

from vaeedit.batch.batch_spec import BatchSpec
from vaeedit.batch.deliver import deliver, failure
from vaeedit.batch.history import History
from vaeedit.batch.jobs import Job, remove_leftovers
from vaeedit.batch.journal import Journal, Record
from vaeedit.batch.sinks import Sink
from vaeedit.batch.sources import STREAM
from vaeedit.batch.summary import Summary

Engine = Callable[[BatchSpec, Iterable[Job | None]], Iterator[Record]]


def run_batch(
    spec: BatchSpec,
    jobs: Iterable[Job | None],
    engine: Engine,
    *,
    journal: Journal | None = None,
    history: History | None = None,
    fail_fast: bool = False,
    results_stay: bool = True,
    sinks: Sequence[Sink] = (),
    summary: Summary | None = None,
) -> Summary:
    """Do every job and return the summary; the sinks, which the caller closes, take each record as it comes.

    A None among the jobs means that there is none yet. By the `history` of a run that is resumed, an output is left
    alone where input and options are the same and every byte is as it was written; anything else is made again. Where
    `results_stay`, one that is gone at the end has failed. A `summary` that is given counts what became of the jobs until
    an exception, too. Raises what a wrong request raises, before any work.
    """
    _ = spec.steps  # faults of the pipeline come before any work
    run = _Run(spec, journal, history or History(), fail_fast, results_stay, sinks, summary or Summary())
    started = time.perf_counter()
    with journal or nullcontext():
        try:
            with closing(record for record in engine(spec, run.unfinished(jobs))) as records:
                for found in records:
                    run.account(found)
                    if run.summary.stopped:
                        break
        finally:
            remove_leftovers(run.held.values())
            run.summary.seconds = time.perf_counter() - started
        run.look_again()
    return run.summary


@dataclass
class _Run:
    """What `run_batch` was given, and how far it is."""

    spec: BatchSpec
    journal: Journal | None
    history: History
    fail_fast: bool
    results_stay: bool
    sinks: Sequence[Sink]
    summary: Summary
    held: dict[str, Job] = field(default_factory=dict)
    """Jobs that the engine has, as records call them."""
    written: list[Record] = field(default_factory=list)

    def account(self, found: Record) -> None:
        """Put results in their places, and tell of them."""
        record = deliver(found, self.journal)
        self.held.pop(record.key, None)
        self._tell(record)
        if record.status == "done" and self.results_stay:
            self.written.append(_gist(record))
        self.summary.stopped |= record.failed and self.fail_fast

    def unfinished(self, jobs: Iterable[Job | None]) -> Iterator[Job | None]:
        """The jobs for the engine; what needs no work is told at once."""
        for job in jobs:
            if self.summary.stopped:
                return
            if job is not None and (record := self._without_work(job)) is not None:
                self.account(record)
                continue
            if job is not None:
                self.held[job.key] = job
            yield job

    def _without_work(self, job: Job) -> Record | None:
        """The record of a job that cannot be done, is skipped, or is finished."""
        if job.fault:
            return Record(input=job.name, output=job.output, status="failed", error=job.fault)
        if job.skipped:
            return Record(input=job.name, output=job.output, status="skipped")
        record = self.history.finished(self.spec, job)
        names = {"input": job.name, "output": job.output}
        return None if record is None else msgspec.structs.replace(record, status="finished", **names)

    def look_again(self) -> None:
        """Tell of results that are gone."""
        for record in self.written:
            missing = next((path for path in record.files if _is_gone(path)), None)
            if missing is not None:
                lost = failure(
                    record, f"{missing} was written and is gone: something has removed it during the run."
                )
                if self.journal is not None:
                    self.journal.append(lost)
                self.summary.done -= 1
                self._tell(lost)

    def _tell(self, record: Record) -> None:
        for sink in (self.summary, *self.sinks):
            sink.take(record)


def _gist(record: Record) -> Record:
    """What tells whether the results are still there; little is kept of each file."""
    return Record(input=record.input, output=record.output, status="done", sides=record.sides)


def _is_gone(path: str) -> bool:
    return path != STREAM and not os.path.lexists(path)
