"""What a worker process of the page runs: it receives tasks and sends what they tell and return."""

import gc
import os
import pickle
from contextlib import chdir
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread
from typing import Any

from vaeedit.batch import signals
from vaeedit.errors import VaeeditError, is_out_of_memory, unexpected
from vaeedit.settings import Settings

TOLD, DONE, FAILED, STOPPED = "told", "done", "failed", "stopped"
"""Kinds of messages to the server, each with a value: progress, a result, a sentence, None."""
NICE = 10
"""How far a process that yields steps back, as `nice` counts."""
Order = tuple[int, bytes]
"""The number of a task, and the task with its arguments."""


class Stopped(BaseException):
    """Nobody wants the result of this task. No plugin's error: code that handles `Exception` does not catch it."""


class Line:
    """The worker's end of the pipe. A thread listens: the server may send that a task is outdated while it runs."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.orders: SimpleQueue[Order] = SimpleQueue()
        self.current = self.stopped = 0
        """The number of the task that runs, and of the last one that is outdated."""
        Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                message: Order | int = self.pipe.recv()
            except (EOFError, OSError):  # the server is gone
                os._exit(0)
            if isinstance(message, int):
                self.stopped = message
            else:
                self.orders.put(message)

    @property
    def outdated(self) -> bool:
        """Whether nobody wants the result of the task that runs."""
        return self.stopped == self.current

    def tell(self, done: float, text: str) -> None:
        """Send how far the task is; raises Stopped if it is outdated."""
        if self.outdated:
            raise Stopped
        self.pipe.send((TOLD, (done, text)))


def serve(pipe: Connection, settings: Settings, yields: bool) -> None:
    """Do tasks until the pipe is closed."""
    signals.leave_to_parent()
    if yields and hasattr(os, "nice"):
        os.nice(NICE)
    from vaeedit.devices import give_memory_back
    from vaeedit.ui.engine.preload import use_threads
    from vaeedit.ui.engine.worker import Worker

    use_threads()
    line = Line(pipe)
    worker = Worker(settings, line)
    while True:
        line.current, order = line.orders.get()
        kind, value = _done(worker, order)
        try:
            pipe.send((kind, value))
        except Exception as error:  # a result that cannot be pickled
            pipe.send((FAILED, _sentence(error)))
        del value
        if yields:
            gc.collect()
            give_memory_back()  # a whole edit leaves much; small tasks would only take it again


def _done(worker: Any, order: bytes) -> tuple[str, Any]:
    """The kind and the value of the message about a task that has ended."""
    try:
        task, arguments = pickle.loads(order)
        with chdir("."):  # undoes a change of the working folder by a plugin
            return DONE, task(worker, *arguments)
    except Stopped:
        return STOPPED, None
    except (Exception, SystemExit) as error:
        return FAILED, _sentence(error)


def _sentence(error: BaseException) -> str:
    if isinstance(error, VaeeditError):
        return str(error)
    if is_out_of_memory(error):
        return "There is not enough memory for this; try a smaller picture or a smaller tile."
    text = unexpected(error)
    return text[0].upper() + text[1:]
