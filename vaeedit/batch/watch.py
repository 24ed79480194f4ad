"""New pictures as they arrive in a folder."""

import time
from collections.abc import Callable, Iterator, Sequence

from vaeedit.batch.jobs import Job
from vaeedit.batch.sources import Source
from vaeedit.errors import UsageError

Stamp = tuple[int, int]
"""Size and time of the last change."""


def arrivals(
    find: Callable[[], Sequence[Source]],
    plan: Callable[[Sequence[Source]], list[Job]],
    *,
    pause: float = 1.0,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Job | None]:
    """A job for every picture, once it has not changed between two looks; None after each look. Never ends by itself.

    A picture that changes later gets another job.
    """
    seen: dict[str, Stamp] = {}
    done: dict[str, Stamp] = {}
    while True:
        ready = []
        for source in _found(find):
            stamp = _stamp(source)
            if stamp is None:
                continue
            name = str(source.path)
            if seen.get(name) == stamp and done.get(name) != stamp:
                done[name] = stamp
                ready.append(source)
            seen[name] = stamp
        yield from plan(ready) if ready else ()
        yield None
        sleep(pause)


def _found(find: Callable[[], Sequence[Source]]) -> Sequence[Source]:
    try:
        return find()
    except UsageError:  # nothing is there yet
        return ()


def _stamp(source: Source) -> Stamp | None:
    if source.path is None:
        return None
    try:
        status = source.path.stat()
    except OSError:  # it has gone again
        return None
    return status.st_size, status.st_mtime_ns
