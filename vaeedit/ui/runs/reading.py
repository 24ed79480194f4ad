"""Finds training runs in a folder and reads what they keep, again only where files have changed."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from vaeedit.errors import UsageError
from vaeedit.training.history import (
    CURVE,
    METRICS,
    SNAPSHOTS,
    HeldOut,
    Logged,
    read_curve,
    read_metrics,
    read_snapshots,
)
from vaeedit.ui.below import is_within

DEPTH, ENTERED, MOST = 6, 10_000, 500
"""Levels of folders that are searched, most folders that are entered, and most runs that are shown."""
SEARCH_EVERY = 30
"""Seconds until a folder is searched again for new runs."""

Stamp = tuple[tuple[int, int], ...]
"""Time of the last change and size of each file of a run; zeros for one that is missing."""


@dataclass(frozen=True)
class Run:
    """What a run has kept so far."""

    name: str
    """Its folder, relative to the one that was searched; "." is that folder itself."""
    rows: list[Logged] = field(default_factory=list)
    measured: list[HeldOut] = field(default_factory=list)
    snapshots: list[tuple[int, Path]] = field(default_factory=list)
    problem: str = ""
    """A sentence about a file that cannot be read; what was read of it before stays."""
    stamp: Stamp = ()

    @property
    def changed(self) -> float:
        """When it changed last, in seconds since 1970; 0 for a run without files."""
        return max((nanoseconds for nanoseconds, _ in self.stamp), default=0) / 1e9

    @property
    def clock(self) -> list[tuple[int, float]]:
        """Pairs of a step and the hours of training until it, by step."""
        logged = [(row.step, row.minutes / 60) for row in self.rows]
        return sorted([*logged, *((row.step, row.minutes / 60) for row in self.measured)])

    def hours(self, step: float) -> float | None:
        """Hours of training until a step, as the log tells; None where it tells nothing."""
        known = self.clock
        return next((hours for at, hours in known if at >= step), known[-1][1] if known else None)


@dataclass
class Runs:
    """The runs in and below a folder."""

    folder: Path
    _read: dict[str, Run] = field(default_factory=dict)
    _names: tuple[str, ...] = ()
    _searched: float | None = None

    def names(self) -> tuple[str, ...]:
        """The names of all runs, those that changed last at the beginning."""
        now = time.monotonic()
        if self._searched is None or now - self._searched > SEARCH_EVERY:
            found = islice(_folders(self.folder), MOST)
            latest = {os.path.relpath(path, self.folder): max(_stamp(path)) for path in found}
            self._names = tuple(sorted(latest, key=lambda name: latest[name], reverse=True))
            self._searched = now
        return self._names

    def read(self, name: str) -> Run:
        """A run as its files are now; raises UsageError for a name that `names` does not give."""
        if name not in self.names():
            raise UsageError(f"There is no run {name[:100]!r} any more.")
        folder = self.folder / name
        before = self._read.get(name, Run(name))
        stamp = _stamp(folder)
        if stamp != before.stamp:
            before = self._read[name] = _read(folder, replace(before, stamp=stamp, problem=""))
        return before


def _read(folder: Path, run: Run) -> Run:
    """The run with what its files hold; those that cannot be read leave what was read before."""
    run = replace(run, snapshots=read_snapshots(folder))
    try:
        run = replace(run, rows=sorted(read_metrics(folder), key=lambda row: row.step))
        return replace(run, measured=sorted(read_curve(folder)))
    except UsageError as error:
        return replace(run, problem=str(error))


def _folders(top: Path) -> Iterator[Path]:
    """The folders of runs; links are not followed, and hidden folders are not entered."""
    for entered, (place, folders, files) in enumerate(os.walk(top)):
        path = Path(place)
        is_run = {METRICS, CURVE}.intersection(files) or SNAPSHOTS in folders
        if is_run and all(is_within(top, path / name) for name in (METRICS, CURVE, SNAPSHOTS)):
            yield path
        depth = len(path.relative_to(top).parts)
        inside = [name for name in folders if name != SNAPSHOTS and not name.startswith(".")]
        folders[:] = sorted(inside) if depth < DEPTH and entered < ENTERED else []


def _stamp(folder: Path) -> Stamp:
    def of(path: Path) -> tuple[int, int]:
        try:
            status = path.stat()
        except OSError:
            return 0, 0
        return status.st_mtime_ns, status.st_size

    return tuple(of(folder / name) for name in (METRICS, CURVE, SNAPSHOTS))
