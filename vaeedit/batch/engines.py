"""Engines do the jobs. An engine takes a batch spec and jobs and yields a record for each, also for files that fail."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from vaeedit.batch.batch_spec import BatchSpec
from vaeedit.batch.jobs import Job
from vaeedit.batch.journal import Record
from vaeedit.batch.run import Engine
from vaeedit.errors import MissingExtra, UsageError


def choose(
    name: str,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    limit: float | None = None,
    debug: bool = False,
    apart: bool = False,
) -> Engine:
    """Return the engine that the flags of the command line ask for; raises UsageError or MissingExtra.

    `name` is "dask" for a Dask cluster: that of the `scheduler`, or a new one of `workers` processes on this machine. Other
    names mean this process or, with several workers or a time limit, processes. `limit` is in seconds per job. With
    `apart`, code of other packages runs in a worker process, so that a crash costs one file (see `here`).
    """
    if name == "dask":
        return partial(_cluster(), scheduler=scheduler, workers=workers, limit=limit, debug=debug)
    if scheduler is not None:
        raise UsageError("--scheduler needs --engine dask.")
    if workers == 1 and limit is None:
        return partial(here, debug=debug, apart=apart)
    from vaeedit.batch.processes import records_of_processes

    return partial(records_of_processes, workers=workers, limit=limit, debug=debug)


def here(
    spec: BatchSpec, jobs: Iterable[Job | None], *, debug: bool = False, apart: bool = False
) -> Iterator[Record]:
    """Do the jobs in this process; with `debug`, the first exception ends the run.

    With `apart`, one worker process does them if code takes part that is not of vaeedit itself, unless `debug` is set:
    a debugger needs the terminal.
    """
    if apart and spec.foreign and not debug:
        from vaeedit.batch.processes import records_of_processes

        return records_of_processes(spec, jobs, 1)
    from vaeedit.batch.work import Worker

    return Worker(spec, _raise if debug else None).records(jobs)


def _raise(error: Exception) -> None:
    raise error


def _cluster() -> Callable[..., Iterator[Record]]:
    try:
        from vaeedit.batch.cluster import records_of_cluster
    except ImportError as error:
        if (error.name or "").partition(".")[0] in {"dask", "distributed"}:
            raise MissingExtra("The Dask engine", "dask") from None
        raise
    return records_of_cluster
