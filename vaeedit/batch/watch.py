"""`--watch`: a source of jobs that never ends by itself; a folder is looked at again and again."""

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
    """Finds pictures and plans each of them alone."""

    find: Callable[[], Sequence[Source]]
    plan: Callable[[Sequence[Source]], list[Job]]
    owners: dict[Path, str] = field(default_factory=dict)
    """For every picture and every result, the name of the picture that it belongs to."""

    def found(self) -> Sequence[Source]:
        """The pictures that are there."""
        try:
            return self.find()
        except UsageError:  # nothing is there yet
            return ()

    def jobs(
        self, *, pause: float = 1.0, sleep: Callable[[float], None] = time.sleep
    ) -> Iterator[Job | None]:
        """A job for every picture, once it has not changed between two looks; None after each look.

        A picture that changes later gets another job.
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
        """The job of a picture, which fails by itself where it cannot be planned; none for a result of another picture."""
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
        """Note whose the results are; raises UsageError where one belongs to another picture."""
        for path in (job.target, *job.sides.values()):
            owner = job.name if path is None else self.owners.setdefault(real(path), job.name)
            if owner != job.name:
                raise UsageError(f"{job.name} cannot be done: its result {path} belongs to {owner}.")


def _stamp(source: Source) -> Stamp | None:
    if source.path is None:
        return None
    try:
        status = source.path.stat()
    except OSError:  # it has gone again
        return None
    return status.st_size, status.st_mtime_ns
