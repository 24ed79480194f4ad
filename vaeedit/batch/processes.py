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

from vaeedit.batch.hand import Died, Hand
from vaeedit.batch.jobs import Job, remove_leftovers
from vaeedit.batch.journal import Record
from vaeedit.batch.order import Order
from vaeedit.errors import VaeeditError

HELD = 3
"""Jobs that a worker holds: one is read, one computed, one written."""
STARTS = 3
"""Workers in a row that may die before they are ready."""


def records_of_processes(
    order: Order,
    jobs: Iterable[Job | None],
    workers: int,
    *,
    limit: float | None = None,
    debug: bool = False,
) -> Iterator[Record]:
    """The records of all jobs, in the order in which they end; raises what concerns every file.

    A job that takes longer than `limit` seconds has failed. A None among the jobs means that there is none yet.
    """
    yield from _Crew(order, jobs, workers, limit, debug).records()


class _Crew:
    """The workers, and the jobs that wait for one."""

    def __init__(
        self, order: Order, jobs: Iterable[Job | None], workers: int, limit: float | None, debug: bool
    ) -> None:
        self.order, self.limit, self.debug = order, limit, debug
        self.fresh = iter(jobs)
        self.suspects: deque[Job] = deque()
        """Jobs that a dead worker held."""
        self.returned: deque[Job] = deque()
        """Jobs of workers that have never begun."""
        self.has_more, self.pauses = True, False
        self.failed_starts = 0
        self.hands: list[Hand] = []
        self.workers = workers

    def records(self) -> Iterator[Record]:
        """Of all jobs."""
        try:
            self.hands += (Hand(self.order, debug=self.debug) for _ in range(self.workers))
            while True:
                self.pauses = False
                for hand in self.hands:
                    self._supply(hand)
                busy = [hand for hand in self.hands if hand.held]
                if not busy and not self.has_more:
                    return
                yield from self._received(busy, 0.0 if self.pauses else self._patience(busy))
                for hand in busy:
                    if self.limit is not None and hand.held and hand.seconds_left(self.limit) <= 0:
                        hand.is_late = True
                        hand.kill()
        except KeyboardInterrupt:
            for hand in self.hands:
                hand.kill()
            yield from self._last_words()
            raise
        finally:
            for hand in self.hands:
                hand.dismiss()

    def _supply(self, hand: Hand) -> None:
        """Fill a worker's hands: with one suspect alone, or with other jobs."""
        if hand.tried_again:
            return
        if self.suspects and not hand.held:
            hand.give(self.suspects.popleft())
            return
        while len(hand.held) < (HELD if self.limit is None else 1):
            job = self.returned.popleft() if self.returned else self._next()
            if job is None:
                return
            hand.give(job)

    def _next(self) -> Job | None:
        """The next job of the source, if it has one by now; it is asked no more after it has said no."""
        if self.has_more and not self.pauses:
            for job in self.fresh:
                self.pauses = job is None
                return job
            self.has_more = False
        return None

    def _patience(self, busy: list[Hand]) -> float | None:
        """How long there is nothing to do but to wait for records."""
        if self.limit is None:
            return None
        return max(0.0, min((hand.seconds_left(self.limit) for hand in busy), default=0.0))

    def _received(self, busy: list[Hand], patience: float | None) -> Iterator[Record]:
        """What comes from workers within so many seconds."""
        by_pipe = {hand.pipe: hand for hand in busy}
        for pipe in connection.wait(by_pipe, patience):
            hand = by_pipe[pipe]  # type: ignore[index]
            try:
                record = hand.receive()
            except Died:
                yield from self._buried(hand)
                continue
            if record is None:
                self.failed_starts = 0
            else:
                yield record

    def _buried(self, hand: Hand) -> Iterator[Record]:
        """Replace a worker that has died; the records of jobs that have failed with it."""
        remove_leftovers(hand.held)
        if not hand.is_ready:
            self.failed_starts += 1
            if self.failed_starts == STARTS:
                raise VaeeditError(
                    f"Worker processes end before they are ready ({hand.cause()}); try without --workers."
                )
            self.returned.extend(hand.held)
        elif hand.is_late:
            yield _failed(hand.held[0], f"took longer than {self.limit:g} seconds and was stopped.")
        elif hand.tried_again:
            yield _failed(hand.held[0], f"the worker process died twice over it ({hand.cause()}).")
        else:
            self.suspects.extend(replace(job, careful=True) for job in hand.held)
        hand.pipe.close()
        self.hands[self.hands.index(hand)] = Hand(self.order, debug=self.debug)

    def _last_words(self) -> Iterator[Record]:
        """Records that dead workers had sent before; what else they held is lost."""
        for hand in self.hands:
            with suppress(Died, VaeeditError):
                while True:
                    record = hand.receive()
                    if record is not None:
                        yield record


def _failed(job: Job, why: str) -> Record:
    return Record(input=job.name, output=job.output, status="failed", error=f"{job.name}: {why}")
