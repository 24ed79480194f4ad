"""Several worker processes on this machine, each with a session of its own; one that dies takes no other file along.

The parent hands out jobs and gets records back over one pipe a worker. Jobs that a dead worker held are tried again one
at a time and with care for memory; the one that kills its worker again has failed. With a limit of time a worker holds one
job at a time, so that it is known which one takes too long.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from multiprocessing import connection

from vaeedit.batch.batch_spec import BatchSpec
from vaeedit.batch.jobs import Job, remove_leftovers
from vaeedit.batch.journal import Record
from vaeedit.batch.worker_handle import Died, WorkerHandle
from vaeedit.errors import VaeeditError

HELD = 3
"""Jobs that a worker holds: one is read, one computed, one written."""
STARTS = 3
"""Workers in a row that may die before they are ready."""


def records_of_processes(
    spec: BatchSpec,
    jobs: Iterable[Job | None],
    workers: int,
    *,
    limit: float | None = None,
    debug: bool = False,
) -> Iterator[Record]:
    """The records of all jobs, in the order in which they end; raises what concerns every file.

    A job that takes longer than `limit` seconds has failed. A None among the jobs means that there is none yet.
    """
    yield from _Crew(spec, jobs, workers, limit, debug).records()


class _Crew:
    """The workers, and the jobs that wait for one."""

    def __init__(
        self, spec: BatchSpec, jobs: Iterable[Job | None], workers: int, limit: float | None, debug: bool
    ) -> None:
        self.spec, self.limit, self.debug = spec, limit, debug
        self.fresh = iter(jobs)
        self.suspects: deque[Job] = deque()
        """Jobs that a dead worker held."""
        self.returned: deque[Job] = deque()
        """Jobs of workers that have never begun."""
        self.has_more, self.pauses = True, False
        self.failed_starts = 0
        self.hands: list[WorkerHandle] = []
        self.workers = workers

    def records(self) -> Iterator[Record]:
        """Of all jobs."""
        try:
            self.hands += (WorkerHandle(self.spec, debug=self.debug) for _ in range(self.workers))
            while True:
                self.pauses = False
                for handle in self.hands:
                    self._supply(handle)
                busy = [handle for handle in self.hands if handle.held]
                if not busy and not self.has_more:
                    return
                yield from self._received(busy, 0.0 if self.pauses else self._patience(busy))
                for handle in busy:
                    if self.limit is not None and handle.held and handle.seconds_left(self.limit) <= 0:
                        handle.is_late = True
                        handle.kill()
        except KeyboardInterrupt:
            for handle in self.hands:
                handle.kill()
            yield from self._last_words()
            raise
        finally:
            for handle in self.hands:
                handle.dismiss()

    def _supply(self, handle: WorkerHandle) -> None:
        """Fill a worker's hands: with one suspect alone, or with other jobs."""
        if handle.tried_again:
            return
        if self.suspects and not handle.held:
            handle.give(self.suspects.popleft())
            return
        while len(handle.held) < (HELD if self.limit is None else 1):
            job = self.returned.popleft() if self.returned else self._next()
            if job is None:
                return
            handle.give(job)

    def _next(self) -> Job | None:
        """The next job of the source, if it has one by now; it is asked no more after it has said no."""
        if self.has_more and not self.pauses:
            for job in self.fresh:
                self.pauses = job is None
                return job
            self.has_more = False
        return None

    def _patience(self, busy: list[WorkerHandle]) -> float | None:
        """How long there is nothing to do but to wait for records."""
        if self.limit is None:
            return None
        return max(0.0, min((handle.seconds_left(self.limit) for handle in busy), default=0.0))

    def _received(self, busy: list[WorkerHandle], patience: float | None) -> Iterator[Record]:
        """What comes from workers within so many seconds."""
        by_pipe = {handle.pipe: handle for handle in busy}
        for pipe in connection.wait(by_pipe, patience):
            handle = by_pipe[pipe]  # type: ignore[index]
            try:
                record = handle.receive()
            except Died:
                yield from self._buried(handle)
                continue
            if record is None:
                self.failed_starts = 0
            else:
                yield record

    def _buried(self, handle: WorkerHandle) -> Iterator[Record]:
        """Replace a worker that has died; the records of jobs that have failed with it."""
        remove_leftovers(handle.held)
        if not handle.is_ready:
            self.failed_starts += 1
            if self.failed_starts == STARTS:
                raise VaeeditError(
                    f"Worker processes end before they are ready ({handle.cause()}); try without --workers."
                )
            self.returned.extend(handle.held)
        elif handle.is_late:
            yield _failed(handle.held[0], f"took longer than {self.limit:g} seconds and was stopped.")
        elif handle.tried_again:
            yield _failed(handle.held[0], f"the worker process died twice over it ({handle.cause()}).")
        else:
            self.suspects.extend(replace(job, careful=True) for job in handle.held)
        handle.pipe.close()
        self.hands[self.hands.index(handle)] = WorkerHandle(self.spec, debug=self.debug)

    def _last_words(self) -> Iterator[Record]:
        """Records that dead workers had sent before; what else they held is lost."""
        for handle in self.hands:
            with suppress(Died, VaeeditError):
                while True:
                    record = handle.receive()
                    if record is not None:
                        yield record


def _failed(job: Job, why: str) -> Record:
    return Record(input=job.name, output=job.output, status="failed", error=f"{job.name}: {why}")
