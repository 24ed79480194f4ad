"""The Dask engine: sends chunks of files to the workers of a cluster; a worker keeps its session between chunks.

If a worker is lost, all its chunks are lost. Their files are then tried again one at a time, with no other work on the
cluster, so that a file that ends a worker again is known: it has failed.
"""

import faulthandler
import os
import pickle
import threading
import traceback
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Any

from distributed import Client, Future, KilledWorker, as_completed

from vaeedit.batch.batch_spec import BatchSpec
from vaeedit.batch.jobs import Job, remove_leftovers
from vaeedit.batch.journal import Record
from vaeedit.batch.lines import digest
from vaeedit.batch.local_cluster import local_client
from vaeedit.batch.work import Worker
from vaeedit.batch.worker_handle import STARTING
from vaeedit.errors import UsageError, WeightsError

CHUNK = 8
"""Files per task: enough that reading, computing and writing overlap; few, so that a lost worker loses little."""
AHEAD = 2
"""Chunks that a worker has at a time."""


def records_of_cluster(
    spec: BatchSpec,
    jobs: Iterable[Job | None],
    scheduler: str | None,
    workers: int,
    *,
    limit: float | None = None,
    debug: bool = False,
) -> Iterator[Record]:
    """Yield the records of all jobs, as their chunks end; raises UsageError if a worker finds an error in the request.

    A job that takes longer than `limit` seconds ends its worker. Dask gives the work of a lost worker to another one
    without notice, so the temporary files of lost workers are removed at the end.
    """
    submitted: list[Job] = []
    try:
        with _client(scheduler, workers, limit, debug) as client:
            needs = _needs(client, spec) if scheduler is not None else {}
            yield from _Cluster(client, spec, limit, debug, submitted, needs).records(filter(None, jobs))
    finally:
        remove_leftovers(submitted)


class _Cluster:
    """Sends chunks to the workers of a cluster, a few per worker at a time."""

    def __init__(
        self,
        client: Any,
        spec: BatchSpec,
        limit: float | None,
        debug: bool,
        submitted: list[Job],
        needs: Mapping[str, float],
    ) -> None:
        self.client, self.spec, self.limit, self.debug = client, spec, limit, debug
        self.submitted, self.needs = submitted, needs
        self.chunks: dict[Future, list[Job]] = {}
        self.suspects: deque[Job] = deque()
        self.ended = as_completed()

    def records(self, fresh: Iterator[Job]) -> Iterator[Record]:
        """Yield the records of all jobs."""
        at_once = AHEAD * max(1, len(_workers_of(self.client)))
        self._refill(fresh, at_once)
        for future in self.ended:
            chunk = self.chunks.pop(future)
            if not isinstance(future.exception(), KilledWorker):
                records = future.result()
                if isinstance(records, str):
                    raise UsageError(records)
                yield from records
            elif chunk[0].careful:
                yield self.spec.failed(chunk[0], f"every worker process that tried it died{self._late()}")
            else:
                self.suspects.extend(replace(job, careful=True) for job in chunk)
            self._refill(fresh, at_once)

    def _refill(self, fresh: Iterator[Job], at_once: int) -> None:
        """Send chunks until every worker has enough; as long as there are suspects, send one suspect alone."""
        if self.suspects:
            if not self.chunks:
                self._submit([self.suspects.popleft()])
            return
        size = CHUNK if self.limit is None else 1
        while len(self.chunks) < at_once and (chunk := list(islice(fresh, size))):
            self._submit(chunk)

    def _submit(self, chunk: list[Job]) -> None:
        self.submitted.extend(chunk)
        task = (
            self.spec,
            chunk,
            self.limit,
            self.debug,
        )  # not scattered: scattered data is lost with its worker
        future = self.client.submit(work_chunk, *task, pure=False, resources=self.needs or None)
        self.chunks[future] = chunk
        self.ended.add(future)

    def _late(self) -> str:
        """What a message adds on the time limit: it ends workers too, and the scheduler does not say why one ended."""
        return f", or was ended because the job took longer than {self.limit:g} seconds" if self.limit else ""


def _needs(client: Any, spec: BatchSpec) -> Mapping[str, float]:
    """Return the resources that a worker must declare to get work.

    Raises UsageError if no worker declares them; Dask would wait forever.
    """
    if not spec.settings.device.startswith("cuda"):
        return {}
    client.wait_for_workers(1)
    workers = _workers_of(client).values()
    if not any(worker["resources"].get("GPU", 0) >= 1 for worker in workers):
        raise UsageError(
            "No worker of the Dask cluster declares a GPU; start those that have one with --resources GPU=1, "
            "or leave out --device cuda."
        )
    return {"GPU": 1}


def _workers_of(client: Any) -> Mapping[str, Mapping[str, Any]]:
    """Return what the scheduler knows about each worker, by address."""
    workers: Mapping[str, Mapping[str, Any]] = client.scheduler_info(n_workers=-1)["workers"]
    return workers


def work_chunk(
    spec: BatchSpec, jobs: Sequence[Job], limit: float | None = None, debug: bool = False
) -> list[Record] | str:
    """Do a chunk on a worker; returns its records, or an error message if the request is wrong."""
    try:
        with _one_at_a_time:
            with _watched(limit and max(limit, STARTING)):
                worker = _worker(spec, debug)
            with _watched(limit):
                return list(worker.records(jobs))
    except (UsageError, WeightsError) as error:
        return str(error)


_one_at_a_time = threading.Lock()
_workers: dict[str, Worker] = {}
"""The worker of the last batch spec, by the hash of the spec."""


def _worker(spec: BatchSpec, debug: bool) -> Worker:
    key = digest(pickle.dumps(spec))
    if key not in _workers:
        _workers.clear()
        _workers[key] = Worker(spec, traceback.print_exception if debug else None)
    return _workers[key]


@contextmanager
def _watched(limit: float | None) -> Iterator[None]:
    """End this process if the `with` block takes longer than `limit` seconds, even in native code that holds the GIL."""
    if limit is None:
        yield
        return
    with open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(limit, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


@contextmanager
def _client(scheduler: str | None, workers: int, limit: float | None, debug: bool) -> Iterator[Any]:
    if scheduler is None:
        with local_client(workers, limit, debug) as client:
            yield client
        return
    try:
        client = Client(scheduler, timeout="20s")
    except (OSError, ValueError) as error:
        raise UsageError(f"No Dask scheduler answers at {scheduler}: {error}.") from None
    with client:
        yield client
