"""The parent's handle of a worker process."""

import contextlib
import time
from collections import deque

from vaeedit.batch.batch_spec import BatchSpec
from vaeedit.batch.child import PATIENCE, Child
from vaeedit.batch.jobs import Job
from vaeedit.batch.journal import Record
from vaeedit.batch.serving import READY, Refusal, serve

STARTING = 120.0
"""Seconds that a worker may take to start, if there is a time limit."""


class WorkerHandle(Child):
    """A process, and the jobs that it holds."""

    def __init__(self, spec: BatchSpec, *, debug: bool = False) -> None:
        super().__init__(serve, spec, debug)
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
        message: Record | Refusal | str = self.message()
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

    def dismiss(self) -> None:
        """End it; the job that it works on is lost."""
        self.pipe.close()
        if not self.held and self.is_ready:
            self.process.join(PATIENCE)
        self.kill()
