"""`--watch`: looks for new pictures again and again, and yields a job for each."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vaeedit.batch.clashes import real
from vaeedit.batch.jobs import Job
from vaeedit.batch.sources import Source
from vaeedit.errors import UsageError, VaeeditError

Stamp = tuple[int, int]
"""Size and time of the last change."""


@dataclass
class Watch:
    """Finds pictures and plans each of them by itself."""

    find: Callable[[], Sequence[Source]]
    plan: Callable[[Sequence[Source]], list[Job]]
    owners: dict[Path, str] = field(default_factory=dict)
    """For every picture and every result, the name of the picture that it belongs to."""

    def found(self) -> Sequence[Source]:
        """Return the pictures that exist now."""
        try:
            return self.find()
        except UsageError:  # there is no picture yet
            return ()

    def jobs(
        self, *, pause: float = 1.0, sleep: Callable[[float], None] = time.sleep
    ) -> Iterator[Job | None]:
        """Yield a job for every picture that did not change between two searches, and None after each search.

        A picture that changes later gets another job. `pause` is the time between two searches in seconds.
        """
        seen: dict[str, Stamp] = {}
        done: dict[str, Stamp] = {}
        while True:
            for source in self.found():
                stamp = _stamp(source)
                if stamp is None:
                    continue
                name = str(source.path)
                if seen.get(name) == stamp and done.get(name) != stamp:
                    done[name] = stamp
                    yield from self._jobs_of(source, name)
                seen[name] = stamp
            yield None
            sleep(pause)

    def _jobs_of(self, source: Source, name: str) -> Iterator[Job]:
        """Yield the job of a picture; one that cannot be planned fails alone, and a result of another picture gets no job."""
        assert source.path is not None
        if self.owners.setdefault(real(source.path), name) != name:
            return
        try:
            for job in self.plan([source]):
                self._take(job)
                yield job
        except VaeeditError as error:
            yield Job(source.path, None, fault=str(error))

    def _take(self, job: Job) -> None:
        """Record which picture the results belong to; raises UsageError if one belongs to another picture."""
        for path in (job.target, *job.sides.values()):
            owner = job.name if path is None else self.owners.setdefault(real(path), job.name)
            if owner != job.name:
                raise UsageError(f"{job.name} cannot be done: its result {path} belongs to {owner}.")


def _stamp(source: Source) -> Stamp | None:
    if source.path is None:
        return None
    try:
        status = source.path.stat()
    except OSError:  # it has been removed
        return None
    return status.st_size, status.st_mtime_ns
