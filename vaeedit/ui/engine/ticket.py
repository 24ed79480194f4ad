"""Tickets: tasks of a sitting, from the queue to their results."""

import pickle
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vaeedit.ui.engine.lane import Lane

_numbers = count(1)


class Cancelled(Exception):
    """Nobody wants the result of the task any more, so there is none."""


@dataclass(frozen=True)
class Progress:
    """How far a task is: the share that is done, from 0 to 1, what it does now, and the tasks before it in the queue."""

    done: float = 0.0
    text: str = ""
    waiting: int = 0


class Ticket:
    """A task that waits, runs or has ended. Its arguments are pickled at once: raises what `pickle` raises."""

    def __init__(
        self,
        lane: "Lane",
        sitting: str,
        task: Callable[..., Any],
        arguments: tuple[Any, ...],
        word: str | None,
    ) -> None:
        self.lane, self.sitting, self.word = lane, sitting, word
        self.number = next(_numbers)
        self.order = pickle.dumps((task, arguments))
        self.said = Progress()
        """What the task itself has told."""
        self.future: Future[Any] = Future()
        """The result; for `asyncio.wrap_future`. Cancel the ticket, not the future."""

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return replace(self.said, waiting=self.lane.ahead(self))

    @property
    def is_done(self) -> bool:
        """Whether `result` returns, or raises, at once."""
        return self.future.done()

    def result(self, timeout: float | None = None) -> Any:
        """What the task returned; raises VaeeditError if it failed, Cancelled, and TimeoutError after so many seconds."""
        try:
            return self.future.result(timeout)
        except NotYet:
            raise TimeoutError(f"There is no result after {timeout} seconds.") from None

    def cancel(self) -> None:
        """Take it out of the queue; if it runs, end that: `result` raises Cancelled."""
        self.lane.cancel([self])

    def settle(self, value: Any = None, error: Exception | None = None) -> None:
        """Set the result or the error, unless it has one."""
        if self.future.done():
            return
        if error is None:
            self.future.set_result(value)
        else:
            self.future.set_exception(error)
