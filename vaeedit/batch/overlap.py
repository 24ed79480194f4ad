"""Reading and writing beside computing."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")


def overlapped(
    items: Iterable[A | None], read: Callable[[A], B], compute: Callable[[B], C], write: Callable[[C], D]
) -> Iterator[D]:
    """write(compute(read(item))) of every item in order; one is read and one written while another is computed.

    A None among the items is passed over, so that a source which waits does not hold up what was read before. At
    any time at most two items are read ahead and two wait to be written: memory does not grow with the batch.
    """
    ahead: deque[Future[B]] = deque()
    behind: deque[Future[D]] = deque()
    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
        for item in items:
            if item is not None:
                ahead.append(reader.submit(read, item))
            while ahead and (len(ahead) > 1 or item is None):
                behind.append(writer.submit(write, compute(ahead.popleft().result())))
            while behind and (len(behind) > 1 or item is None):
                yield behind.popleft().result()
        while ahead:
            behind.append(writer.submit(write, compute(ahead.popleft().result())))
            while len(behind) > 1:
                yield behind.popleft().result()
        while behind:
            yield behind.popleft().result()
