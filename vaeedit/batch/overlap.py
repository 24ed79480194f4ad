"""Reads and writes files while another one is computed."""

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
    """Yield write(compute(read(item))) of every item in order; one item is read and one written while another is computed.

    A None means that the source has no item yet: then all items that were read are computed and written first.
    At most two items are read ahead and two wait to be written, so memory does not grow with the batch.
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
