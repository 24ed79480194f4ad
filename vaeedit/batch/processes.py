"""Several worker processes on this machine, each with its own session. If a worker dies, at most one file fails.

The parent sends jobs and receives records over one pipe per worker. Jobs that a dead worker held are tried again, one at a
time and in small tiles; a job that kills its worker again has failed. With a time limit a worker holds one job at a time,
so that it is known which job takes too long.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from multiprocessing import connection

from vaeedit.batch.batch_spec import BatchSpec
from vaeedit.batch.child import Died
from vaeedit.batch.jobs import Job, remove_leftovers
from vaeedit.batch.journal import Record
from vaeedit.batch.worker_handle import WorkerHandle
from vaeedit.errors import VaeeditError

HELD = 3
"""Jobs that a worker holds at most: one is read, one is computed, one is written."""
STARTS = 3
"""The run ends after this many workers in a row that die before they are ready."""


def records_of_processes(
    spec: BatchSpec,
    jobs: Iterable[Job | None],
    workers: int,
    *,
    limit: float | None = None,
    debug: bool = False,
) -> Iterator[Record]:
    """Yield the records of all jobs, in the order in which they end; raises errors that concern every file.

    A job that takes longer than `limit` seconds has failed. A None among the jobs means that there is none yet.
    """
    yield from _Workers(spec, jobs, workers, limit, debug).records()


class _Workers:
    """The workers, and the jobs that wait for a worker."""

    def __init__(
        self, spec: BatchSpec, jobs: Iterable[Job | None], workers: int, limit: float | None, debug: bool
    ) -> None:
        self.spec, self.limit, self.debug = spec, limit, debug
        self.fresh = iter(jobs)
        self.suspects: deque[Job] = deque()
        """Jobs that a dead worker held."""
        self.returned: deque[Job] = deque()
        """Jobs of workers that died before they were ready."""
        self.has_more, self.must_wait = True, False
        self.failed_starts = 0
        self.handles: list[WorkerHandle] = []
        self.count = workers

    def records(self) -> Iterator[Record]:
        """Yield the records of all jobs."""
        try:
            self.handles += (WorkerHandle(self.spec, debug=self.debug) for _ in range(self.count))
            while True:
                self.must_wait = False
                for handle in self.handles:
                    self._supply(handle)
                busy = [handle for handle in self.handles if handle.held]
                if not busy and not self.has_more:
                    return
                yield from self._received(busy, 0.0 if self.must_wait else self._timeout(busy))
                for handle in busy:
                    if self.limit is not None and handle.held and handle.seconds_left(self.limit) <= 0:
                        handle.is_late = True
                        handle.kill()
        except KeyboardInterrupt:
            for handle in self.handles:
                handle.kill()
            yield from self._records_sent()
            raise
        finally:
            for handle in self.handles:
                handle.dismiss()

    def _supply(self, handle: WorkerHandle) -> None:
        """Send jobs to a worker: one suspect alone, or several other jobs."""
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
        """Return the next job of the source; None if there is none now, or none at all."""
        if self.has_more and not self.must_wait:
            for job in self.fresh:
                self.must_wait = job is None
                return job
            self.has_more = False
        return None

    def _timeout(self, busy: list[WorkerHandle]) -> float | None:
        """Return the seconds until the next job exceeds its limit; None without a limit."""
        if self.limit is None:
            return None
        return max(0.0, min((handle.seconds_left(self.limit) for handle in busy), default=0.0))

    def _received(self, busy: list[WorkerHandle], timeout: float | None) -> Iterator[Record]:
        """Yield the records that arrive from workers within `timeout` seconds."""
        by_pipe = {handle.pipe: handle for handle in busy}
        for pipe in connection.wait(by_pipe, timeout):
            handle = by_pipe[pipe]  # type: ignore[index]
            try:
                record = handle.receive()
            except Died:
                yield from self._replaced(handle)
                continue
            if record is None:
                self.failed_starts = 0
            else:
                yield record

    def _replaced(self, handle: WorkerHandle) -> Iterator[Record]:
        """Replace a worker that has died, and yield the records of jobs that failed with it."""
        remove_leftovers(handle.held)
        if not handle.is_ready:
            self.failed_starts += 1
            if self.failed_starts == STARTS:
                fewer = "; use fewer --workers" if self.count > 1 else ""
                raise VaeeditError(f"Worker processes end before they are ready ({handle.cause()}){fewer}.")
            self.returned.extend(handle.held)
        elif handle.is_late:
            yield self.spec.failed(handle.held[0], f"took longer than {self.limit:g} seconds and was stopped")
        elif handle.tried_again:
            why = f"two worker processes died while they did it ({handle.cause()})"
            yield self.spec.failed(handle.held[0], why)
        else:
            self.suspects.extend(replace(job, careful=True) for job in handle.held)
        handle.pipe.close()
        self.handles[self.handles.index(handle)] = WorkerHandle(self.spec, debug=self.debug)

    def _records_sent(self) -> Iterator[Record]:
        """Yield the records that dead workers had sent before; their other jobs are lost."""
        for handle in self.handles:
            with suppress(Died, VaeeditError):
                while True:
                    record = handle.receive()
                    if record is not None:
                        yield record
