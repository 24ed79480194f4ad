"""A lane: a worker process, the queue before it, and the thread that sends it one task after the other."""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from multiprocessing import get_all_start_methods, set_forkserver_preload
from threading import Condition, Thread

from vaeedit.batch.child import Child, Died
from vaeedit.errors import VaeeditError
from vaeedit.settings import Settings
from vaeedit.ui.engine.fair import FairQueue
from vaeedit.ui.engine.serving import DONE, FAILED, TOLD, serve
from vaeedit.ui.engine.ticket import Cancelled, Progress, Ticket

METHOD = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
PRELOADED = "vaeedit.ui.engine.preload"
SPINS = "GOMP_SPINCOUNT", "10000"
"""How long a thread of torch waits for the others before it gives up its core.

By default that is some milliseconds: where another process wants the core, such as the other lane or a browser, the threads
then wait for each other most of the time.
"""
LOOK = 0.1
"""Seconds between two looks at whether a task that was cancelled has had its time."""


class Lane:
    """Runs the tasks of all sittings in one process, which is replaced when it dies.

    A running task that is cancelled has `grace` seconds to stop by itself, which keeps the caches of its process; then the
    process is killed. With `yields` the process leaves the cores to others that want them.
    """

    def __init__(self, name: str, settings: Settings, *, grace: float = 0.0, yields: bool = False) -> None:
        self.settings, self.grace, self.yields = settings, grace, yields
        self._changed = Condition()  # also guards what follows
        self._queue = FairQueue()
        self._running: Ticket | None = None
        self._deadline: float | None = None
        """When the running task is ended; None while somebody wants its result."""
        self._child: Child | None = None
        self._closed = False
        self._thread = Thread(target=self._serve, name=f"vaeedit {name}", daemon=True)
        self._thread.start()

    @property
    def process(self) -> int | None:
        """The number of the process; None while there is none."""
        return self._child.process.pid if self._child else None

    def add(self, ticket: Ticket) -> None:
        """Queue a ticket; those of its sitting with its word are dropped, and one that runs learns that it is outdated."""
        with self._changed:
            if self._closed:
                raise VaeeditError("The page is closed.")
            if ticket.word is not None:
                mine = ticket.sitting, ticket.word
                self.cancel([one for one in self._queue if (one.sitting, one.word) == mine])
                if self._running and (self._running.sitting, self._running.word) == mine:
                    self._send_stop(self._running)
            self._queue.add(ticket)
            self._changed.notify()

    def ahead(self, ticket: Ticket) -> int:
        """How many tasks end before this one begins."""
        with self._changed:
            order = list(self._queue)
            return order.index(ticket) + (self._running is not None) if ticket in order else 0

    def cancel(self, tickets: Iterable[Ticket]) -> None:
        """Cancel tickets that wait or run."""
        with self._changed:
            for ticket in tickets:
                self._queue.remove(ticket)
                if ticket is self._running and not ticket.is_done:
                    self._end(ticket)
                ticket.settle(error=Cancelled())

    def forget(self, sitting: str) -> None:
        """Cancel every ticket of a sitting."""
        with self._changed:
            every = [*self._queue, *([self._running] if self._running else [])]
            self.cancel([ticket for ticket in every if ticket.sitting == sitting])
            self._queue.forget(sitting)

    def close(self) -> None:
        """Cancel everything, and end the process."""
        with self._changed:
            self._closed = True
            for ticket in [*self._queue, *([self._running] if self._running else [])]:
                ticket.settle(error=Cancelled())
            if self._child:
                self._child.process.kill()
            self._changed.notify()
        self._thread.join()

    def _end(self, ticket: Ticket) -> None:
        if self.grace:
            self._deadline = time.monotonic() + self.grace
            self._send_stop(ticket)
        elif self._child:
            self._child.process.kill()

    def _send_stop(self, ticket: Ticket) -> None:
        if self._child:
            with suppress(OSError):  # it has just died
                self._child.pipe.send(ticket.number)

    def _serve(self) -> None:
        """What the thread does, until the lane is closed."""
        os.environ.setdefault(*SPINS)  # the processes inherit it
        if METHOD == "forkserver":
            set_forkserver_preload([PRELOADED])
        with suppress(OSError):  # the first task tries again
            self._living()
        while (ticket := self._next()) is not None:
            self._run(ticket)
        if self._child:
            self._child.kill()
            self._child.pipe.close()

    def _living(self) -> Child:
        """The process, or a fresh one if it has ended; raises OSError if the system starts none."""
        if (
            self._child and self._child.pipe.poll()
        ):  # idle processes are silent, so this is the end of the pipe
            self._child.kill()
            self._child.pipe.close()
            self._child = None
        self._child = self._child or Child(serve, self.settings, self.yields, method=METHOD)
        return self._child

    def _next(self) -> Ticket | None:
        """The next ticket, which counts as running; None once the lane is closed."""
        with self._changed:
            while not self._closed:
                self._running, self._deadline = self._queue.take(), None
                if self._running:
                    return self._running
                self._changed.wait()
            return None

    def _run(self, ticket: Ticket) -> None:
        """Have the process do one task."""
        try:
            child = self._living()
            with self._changed:
                if ticket.is_done:
                    return
                child.pipe.send((ticket.number, ticket.order))
            while not self._heard(child, ticket):
                pass
        except Died:
            reason = "" if ticket.is_done else child.cause()
            ticket.settle(
                error=VaeeditError(f"The process that did this has ended ({reason}). Other work goes on.")
            )
            with suppress(OSError):  # the next task tries again
                self._living()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            ticket.settle(error=VaeeditError(f"No process can be started for this: {reason}."))

    def _heard(self, child: Child, ticket: Ticket) -> bool:
        """Take in the next message of the process; whether the task has ended. Raises Died."""
        while not child.pipe.poll(LOOK):
            if self._deadline is not None and time.monotonic() > self._deadline:
                child.kill()
        kind, value = child.message()
        match kind:
            case _ if kind == TOLD:
                ticket.said = Progress(*value)
                return False
            case _ if kind == DONE:
                ticket.settle(value)
            case _ if kind == FAILED:
                ticket.settle(error=VaeeditError(value))
            case _:
                ticket.settle(error=Cancelled())
        return True
