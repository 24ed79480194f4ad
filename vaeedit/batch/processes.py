"""Several worker processes on this machine, each with a session of its own; one that dies takes no other file along.

The parent hands out jobs and gets records back over one pipe a worker. Jobs that a dead worker held are tried again one
at a time and with care for memory; the one that kills its worker again has failed.
"""

import contextlib
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from vaeedit.batch.jobs import Job, remove_leftovers
from vaeedit.batch.journal import Record
from vaeedit.batch.order import Order
from vaeedit.errors import UsageError, WeightsError

HELD = 3
"""Jobs that a worker holds: one is read, one computed, one written."""
PATIENCE = 30.0
"""Seconds that a worker gets to end by itself."""


class Hand:
    """A worker process as its parent sees it."""

    def __init__(self, order: Order) -> None:
        context = get_context("spawn")  # a forked process shares locks and threads of torch with its parent
        self.pipe, other = context.Pipe()
        self.process: BaseProcess = context.Process(target=_serve, args=(other, order), daemon=True)
        self.process.start()
        other.close()
        self.held: deque[Job] = deque()

    @property
    def tried_again(self) -> bool:
        """Whether it holds a job that may have killed another worker."""
        return bool(self.held) and self.held[0].careful

    def give(self, job: Job) -> None:
        """Hand out a job."""
        self.held.append(job)
        with contextlib.suppress(OSError):  # it has just died; `received` will tell
            self.pipe.send(job)

    def received(self) -> Record | None:
        """Its next record; None when it has died. Raises UsageError or WeightsError where no file can be done."""
        try:
            message: Record | tuple[bool, str] = self.pipe.recv()
        except (EOFError, OSError):
            return None
        if isinstance(message, tuple):
            of_the_vae, text = message
            raise (WeightsError if of_the_vae else UsageError)(text)
        self.held.popleft()
        return message

    def cause(self) -> str:
        """Why it died, in words."""
        self.process.join(PATIENCE)
        code = self.process.exitcode or 0
        if code >= 0:
            return f"exit code {code}"
        name = signal.Signals(-code).name
        return f"{name}, which often means that memory ran out" if name == "SIGKILL" else name

    def dismiss(self) -> None:
        """Let it finish what it is at, and end it where that takes too long."""
        self.pipe.close()
        self.process.join(PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def records_of_processes(order: Order, jobs: Iterable[Job | None], workers: int) -> Iterator[Record]:
    """The records of all jobs, in the order in which they end; raises what a wrong request raises in a worker."""
    fresh, suspects = filter(None, jobs), deque[Job]()
    hands = [Hand(order) for _ in range(workers)]
    try:
        while True:
            for hand in hands:
                _supply(hand, fresh, suspects)
            busy = {hand.pipe: hand for hand in hands if hand.held}
            if not busy:
                return
            for pipe in connection.wait(busy):
                hand = busy[pipe]  # type: ignore[index]
                record = hand.received()
                if record is not None:
                    yield record
                    continue
                remove_leftovers(hand.held)
                if hand.tried_again:
                    yield _killer(hand)
                else:
                    suspects.extend(replace(job, careful=True) for job in hand.held)
                hands[hands.index(hand)] = Hand(order)
    finally:
        for hand in hands:
            hand.dismiss()


def _supply(hand: Hand, fresh: Iterator[Job], suspects: deque[Job]) -> None:
    """Fill a worker's hands: with one suspect alone, or with fresh jobs."""
    if hand.tried_again:
        return
    if suspects and not hand.held:
        hand.give(suspects.popleft())
        return
    for job in islice(fresh, HELD - len(hand.held)):
        hand.give(job)


def _killer(hand: Hand) -> Record:
    """The record of a job that has killed two workers."""
    job = hand.held.popleft()
    return Record(
        input=job.name,
        output=str(job.target),
        status="failed",
        error=f"{job.name}: the worker process died twice over it ({hand.cause()}).",
    )


def _serve(pipe: Connection, order: Order) -> None:
    """The life of a worker process: jobs in, records out, until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    from vaeedit.batch.work import Worker

    def incoming() -> Iterator[Job | None]:
        while True:
            try:
                yield pipe.recv()
            except EOFError:
                return
            if not pipe.poll():
                yield None

    try:
        for record in Worker(order).records(incoming()):
            pipe.send(record)
    except (UsageError, WeightsError) as error:
        pipe.send((type(error) is WeightsError, str(error)))
    except OSError:
        return  # the parent is gone
