"""A worker process as its parent sees it."""

import contextlib
import signal
import time
from collections import deque
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

from vaeedit.batch import signals
from vaeedit.batch.batch_spec import BatchSpec
from vaeedit.batch.jobs import Job
from vaeedit.batch.journal import Record
from vaeedit.batch.serving import READY, Refusal, serve

PATIENCE = 30.0
"""Seconds that a worker without work gets to end by itself."""
STARTING = 120.0
"""Seconds that a worker gets to start where there is a limit of time."""


class Died(Exception):
    """The process is no more."""


class WorkerHandle:
    """A process, the pipe to it, and the jobs that it holds."""

    def __init__(self, spec: BatchSpec, *, debug: bool = False) -> None:
        context = get_context("spawn")  # a forked process shares locks and threads of torch with its parent
        self.pipe, other = context.Pipe()
        self.process: BaseProcess = context.Process(target=serve, args=(other, spec, debug), daemon=True)
        with signals.held_back():
            self.process.start()
        other.close()
        self.held: deque[Job] = deque()
        self.is_ready = self.is_late = False
        self._since = time.monotonic()

    @property
    def tried_again(self) -> bool:
        """Whether it holds a job that may have killed another worker."""
        return bool(self.held) and self.held[0].careful

    def give(self, job: Job) -> None:
        """Hand out a job."""
        if not self.held and self.is_ready:
            self._since = time.monotonic()
        self.held.append(job)
        with contextlib.suppress(OSError):  # it has just died; `receive` will tell
            self.pipe.send(job)

    def receive(self) -> Record | None:
        """Its next record; None where it says that it is ready. Raises Died, or the error that concerns every file."""
        try:
            message: Record | Refusal | str = self.pipe.recv()
        except (EOFError, OSError):
            raise Died from None
        if isinstance(message, Refusal):
            raise message.kind(message.text)
        self._since = time.monotonic()
        if message == READY:
            self.is_ready = True
            return None
        assert isinstance(message, Record)
        self.held.popleft()
        return message

    def seconds_left(self, limit: float) -> float:
        """Until what it is at takes longer than it may."""
        return self._since + (limit if self.is_ready else max(limit, STARTING)) - time.monotonic()

    def kill(self) -> None:
        """End it at once, though it may be stopped or stuck."""
        self.process.kill()
        self.process.join()

    def cause(self) -> str:
        """Why it died, in words."""
        self.process.join(PATIENCE)
        code = self.process.exitcode or 0
        if code >= 0:
            return f"exit code {code}"
        name = signal.Signals(-code).name
        return f"{name}, which often means that memory ran out" if name in ("SIGKILL", "SIGABRT") else name

    def dismiss(self) -> None:
        """Let it end; what it is at is lost."""
        self.pipe.close()
        if not self.held and self.is_ready:
            self.process.join(PATIENCE)
        self.kill()
