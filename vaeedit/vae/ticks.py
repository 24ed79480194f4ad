"""How many tiles of an image are done, for whoever listens: a progress bar."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[int, int], None]
"""Called with the tiles that are done and with all tiles: 0 of N first, then 1 of N, ..."""
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)
_count: ContextVar[list[int] | None] = ContextVar("count", default=None)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Inside the `with` block, the listener hears of every tile that this thread computes."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def counted(total: Callable[[], int]) -> Iterator[None]:
    """Inside the `with` block, every `tick` is one of `total()` tiles; nothing is counted if nobody listens."""
    listener = _listener.get()
    if listener is None:
        yield
        return
    count = [0, total()]
    token = _count.set(count)
    listener(*count)
    try:
        yield
    finally:
        _count.reset(token)


def tick() -> None:
    """One more tile is done."""
    listener, count = _listener.get(), _count.get()
    if listener is not None and count is not None:
        count[0] += 1
        listener(*count)
