"""Engines do the jobs. An engine takes a batch spec and jobs and yields a record for each, also for files that fail."""

from collections.abc import Iterable, Iterator

from vaeedit.batch.batch_spec import BatchSpec
from vaeedit.batch.jobs import Job
from vaeedit.batch.journal import Record
from vaeedit.batch.run import Engine
from vaeedit.errors import MissingExtra, UsageError


def here(*, debug: bool = False) -> Engine:
    """Return an engine that works in this process; with `debug` the first exception ends the run."""

    def engine(spec: BatchSpec, jobs: Iterable[Job | None]) -> Iterator[Record]:
        from vaeedit.batch.work import Worker

        return Worker(spec, _raise if debug else None).records(jobs)

    return engine


def _raise(error: Exception) -> None:
    raise error


def processes(workers: int, *, limit: float | None = None, debug: bool = False) -> Engine:
    """Return an engine of several processes on this machine; a job that takes longer than `limit` seconds is ended."""

    def engine(spec: BatchSpec, jobs: Iterable[Job | None]) -> Iterator[Record]:
        from vaeedit.batch.processes import records_of_processes

        return records_of_processes(spec, jobs, workers, limit=limit, debug=debug)

    return engine


def dask(scheduler: str | None, workers: int, *, limit: float | None = None, debug: bool = False) -> Engine:
    """Return an engine on a Dask cluster: the one of a scheduler's address, or a new one of `workers` local processes."""
    try:
        from vaeedit.batch.cluster import records_of_cluster
    except ImportError as error:
        if (error.name or "").partition(".")[0] in {"dask", "distributed"}:
            raise MissingExtra("The Dask engine", "dask") from None
        raise

    def engine(spec: BatchSpec, jobs: Iterable[Job | None]) -> Iterator[Record]:
        return records_of_cluster(spec, jobs, scheduler, workers, limit=limit, debug=debug)

    return engine


def choose(
    name: str,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    limit: float | None = None,
    debug: bool = False,
) -> Engine:
    """Return the engine that the flags of the command line ask for; raises UsageError or MissingExtra."""
    if name == "dask":
        return dask(scheduler, workers, limit=limit, debug=debug)
    if scheduler is not None:
        raise UsageError("--scheduler needs --engine dask.")
    if workers == 1 and limit is None:
        return here(debug=debug)
    return processes(workers, limit=limit, debug=debug)
