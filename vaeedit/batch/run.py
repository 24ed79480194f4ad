"""Runs a batch: skips finished jobs, gives the others to an engine, puts results in place, and keeps the journal."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext, suppress
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
    """Do every job and return the summary. The sinks take each record as it comes; the caller closes them.

    A None among the jobs means that there is none yet. `history` is that of a run that is resumed: an output is skipped
    if the input and the options are the same and every byte is as it was written; all others are made again. With
    `results_stay`, a result that is gone at the end counts as failed. A `summary` of the caller is also right after an
    exception. Errors of the request are raised before any work.
    """
    _ = spec.steps  # raises for a wrong VAE before any work
    run = _Run(spec, journal, history or History(), fail_fast, results_stay, sinks, summary or Summary())
    started = time.perf_counter()
    with journal or nullcontext():
        try:
            with closing(record for record in engine(spec, run.unfinished(jobs))) as records:
                for record in records:
                    run.deliver(record)
                    if run.summary.stopped:
                        break
        finally:
            remove_leftovers(run.held.values())
            run.summary.seconds = time.perf_counter() - started
        run.report_lost_results()
    return run.summary


@dataclass
class _Run:
    """The arguments of `run_batch`, and how far the run is."""

    spec: BatchSpec
    journal: Journal | None
    history: History
    fail_fast: bool
    results_stay: bool
    sinks: Sequence[Sink]
    summary: Summary
    held: dict[str, Job] = field(default_factory=dict)
    """The jobs that the engine has, by `Job.key`."""
    written: list[Record] = field(default_factory=list)

    def deliver(self, record: Record) -> None:
        """Put the results of a record in their places, and give it to the sinks."""
        record = deliver(record, self.journal)
        job = self.held.pop(record.key, None)
        if job is not None and record.status in ("done", "finished"):
            self._remove_outdated(job, record)
        self._send(record)
        if record.status == "done" and self.results_stay:
            self.written.append(  # only what is needed, because a batch may be large
                Record(input=record.input, output=record.output, status="done", sides=record.sides)
            )
        self.summary.stopped |= record.failed and self.fail_fast

    def unfinished(self, jobs: Iterable[Job | None]) -> Iterator[Job | None]:
        """Yield the jobs for the engine; those that need no work are recorded at once."""
        for job in jobs:
            if self.summary.stopped:
                return
            if job is not None:
                self.held[job.key] = job
                if (record := self._without_work(job)) is not None:
                    self.deliver(record)
                    continue
            yield job

    def _remove_outdated(self, job: Job, record: Record) -> None:
        """Remove maps of earlier runs that this run did not make again because their step was skipped."""
        for name, path in job.sides.items():
            if name not in record.sides and self.history.wrote(job, path):
                with suppress(OSError):
                    path.unlink()

    def _without_work(self, job: Job) -> Record | None:
        """Return the record of a job that cannot be done, is skipped, or is finished; None for all others."""
        if job.fault:
            return Record(input=job.name, output=job.output, status="failed", error=job.fault)
        if job.skipped:
            return Record(input=job.name, output=job.output, status="skipped")
        record = self.history.finished(self.spec, job)
        names = {"input": job.name, "output": job.output}
        return None if record is None else msgspec.structs.replace(record, status="finished", **names)

    def report_lost_results(self) -> None:
        """Record results that were removed during the run as failed."""
        for record in self.written:
            gone = (path for path in record.files if path != STREAM and not os.path.lexists(path))
            missing = next(gone, None)
            if missing is not None:
                lost = failure(
                    record, f"{missing} was written and is gone: something has removed it during the run."
                )
                if self.journal is not None:
                    self.journal.append(lost)
                self.summary.done -= 1
                self._send(lost)

    def _send(self, record: Record) -> None:
        for sink in (self.summary, *self.sinks):
            sink.take(record)
