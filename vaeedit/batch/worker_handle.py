"""The parent's handle of a worker process."""

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
"""Seconds to wait until an idle worker ends by itself."""
STARTING = 120.0
"""Seconds that a worker may take to start, if there is a time limit."""


class Died(Exception):
    """The process has ended."""


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
        """Whether it holds a job that another worker held when it died."""
        return bool(self.held) and self.held[0].careful

    def give(self, job: Job) -> None:
        """Send a job to the worker."""
        if not self.held and self.is_ready:
            self._since = time.monotonic()
        self.held.append(job)
        with contextlib.suppress(OSError):  # it has just died; `receive` will raise Died
            self.pipe.send(job)

    def receive(self) -> Record | None:
        """Return its next record, or None when it reports that it is ready. Raises Died, or an error of every file."""
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
        """Return the seconds until its current work exceeds the limit."""
        return self._since + (limit if self.is_ready else max(limit, STARTING)) - time.monotonic()

    def kill(self) -> None:
        """End it at once, even if it is stopped or hangs."""
        self.process.kill()
        self.process.join()

    def cause(self) -> str:
        """Describe why it died."""
        self.process.join(PATIENCE)
        code = self.process.exitcode or 0
        if code >= 0:
            return f"exit code {code}"
        name = signal.Signals(-code).name
        return f"{name}, which often means that memory ran out" if name in ("SIGKILL", "SIGABRT") else name

    def dismiss(self) -> None:
        """End it; the job that it works on is lost."""
        self.pipe.close()
        if not self.held and self.is_ready:
            self.process.join(PATIENCE)
        self.kill()
