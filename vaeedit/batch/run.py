"""A batch from its jobs to its end: what is finished already, an engine, the results in their places, the journal."""

import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, nullcontext

import msgspec

from vaeedit.batch.deliver import deliver, failure
from vaeedit.batch.history import History
from vaeedit.batch.jobs import Job, remove_leftovers
from vaeedit.batch.journal import Journal, Record
from vaeedit.batch.order import Order
from vaeedit.batch.sources import STREAM
from vaeedit.batch.summary import Summary

Engine = Callable[[Order, Iterable[Job | None]], Iterator[Record]]


def run_batch(
    order: Order,
    jobs: Iterable[Job | None],
    engine: Engine,
    *,
    journal: Journal | None = None,
    history: History | None = None,
    fail_fast: bool = False,
    results_stay: bool = True,
    tell: Callable[[Record], None] = lambda record: None,
) -> Summary:
    """Do every job and return the summary; `tell` gets each record as it comes.

    A None among the jobs means that there is none yet. By the `history` of a run that is resumed, an output is left
    alone where input and options are the same and every byte is as it was written; anything else is made again. Where
    `results_stay`, one that is gone at the end has failed. Raises what a wrong request raises, before any work.
    """
    _ = order.steps  # faults of the pipeline come before any work
    summary, started, held = Summary(), time.perf_counter(), dict[str, Job]()
    written: list[Record] = []
    with journal or nullcontext():
        try:
            with closing(_records(order, jobs, engine, history or History(), held)) as records:
                for found in records:
                    record = deliver(found, journal)
                    held.pop(record.output, None)
                    summary.add(record)
                    tell(record)
                    if record.status == "done" and results_stay:
                        written.append(_gist(record))
                    if record.failed and fail_fast:
                        summary.stopped = True
                        break
        finally:
            remove_leftovers(held.values())
        for lost in map(_lost, filter(_is_gone, written)):
            if journal is not None:
                journal.append(lost)
            summary.lose(lost)
            tell(lost)
    summary.seconds = time.perf_counter() - started
    return summary


def _records(
    order: Order, jobs: Iterable[Job | None], engine: Engine, history: History, held: dict[str, Job]
) -> Generator[Record, None, None]:
    """Records of what the engine does and of what needs no doing; jobs that the engine has are `held`."""
    resting: deque[Record] = deque()

    def unfinished() -> Iterator[Job | None]:
        for job in jobs:
            if job is None:
                yield None
            elif job.skipped:
                resting.append(Record(input=job.name, output=str(job.target), status="skipped"))
            elif (record := history.finished(order, job)) is not None:
                names = {"input": job.name, "output": str(job.target)}
                resting.append(msgspec.structs.replace(record, status="finished", **names))
            else:
                held[str(job.target)] = job
                yield job

    for record in engine(order, unfinished()):
        while resting:
            yield resting.popleft()
        yield record
    yield from resting


def _gist(record: Record) -> Record:
    """What tells whether the results are still there; little is kept of each file."""
    return Record(input=record.input, output=record.output, status="done", sides=record.sides)


def _lost(record: Record) -> Record:
    return failure(
        record, f"{record.output} was written and is gone: something has removed it during the run."
    )


def _is_gone(record: Record) -> bool:
    return not all(os.path.lexists(path) for path in record.files if path != STREAM)
