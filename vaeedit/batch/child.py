"""A child process, and the pipe to it."""

import signal
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from vaeedit.batch import signals

PATIENCE = 30.0
"""Seconds to wait until an idle process ends by itself."""


class Died(Exception):
    """The process has ended."""


class Child:
    """A process that runs `target(pipe, *arguments)`, and this end of the pipe.

    `method` is one of multiprocessing: "spawn", "forkserver". A plain fork would share locks and threads of torch.
    """

    def __init__(self, target: Callable[..., None], *arguments: Any, method: str = "spawn") -> None:
        context: Any = get_context(method)
        self.pipe: Connection
        self.pipe, other = context.Pipe()
        self.process: BaseProcess = context.Process(target=target, args=(other, *arguments), daemon=True)
        with signals.held_back():
            self.process.start()
        other.close()

    def message(self) -> Any:
        """The next object that it sends; raises Died."""
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            raise Died from None

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
