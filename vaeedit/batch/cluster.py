"""The Dask engine: chunks of files on the workers of a cluster, each with a session that stays between chunks.

A lost worker loses all chunks that it was given. Their files are then done one at a time, with nothing else on the
cluster, so that a file that ends its worker again is known to be the one that did it: it has failed.
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
"""Files in one task: enough that reading, computing and writing overlap, few enough that little is lost."""
AHEAD = 2
"""Chunks a worker is given at a time."""


def records_of_cluster(
    spec: BatchSpec,
    jobs: Iterable[Job | None],
    scheduler: str | None,
    workers: int,
    *,
    limit: float | None = None,
    debug: bool = False,
) -> Iterator[Record]:
    """The records of all jobs, as their chunks end; raises UsageError where a worker finds the request wrong.

    A job that takes longer than `limit` seconds ends its worker. Dask gives the work of a lost worker to another one
    without a word, so what it was writing is swept up at the end.
    """
    handed_out: list[Job] = []
    try:
        with _client(scheduler, workers, limit, debug) as client:
            needs = _needs(client, spec) if scheduler is not None else {}
            yield from _Cluster(client, spec, limit, debug, handed_out, needs).records(filter(None, jobs))
    finally:
        remove_leftovers(handed_out)


class _Cluster:
    """The workers of a cluster, of which every one is given a few chunks at a time."""

    def __init__(
        self,
        client: Any,
        spec: BatchSpec,
        limit: float | None,
        debug: bool,
        handed_out: list[Job],
        needs: Mapping[str, float],
    ) -> None:
        self.client, self.spec, self.limit, self.debug = client, spec, limit, debug
        self.handed_out, self.needs = handed_out, needs
        self.chunks: dict[Future, list[Job]] = {}
        self.suspects: deque[Job] = deque()
        self.ended = as_completed()

    def records(self, fresh: Iterator[Job]) -> Iterator[Record]:
        """Of all jobs."""
        at_once = AHEAD * max(1, len(_workers_of(self.client)))
        self._refill(fresh, at_once)
        for future in self.ended:
            chunk = self.chunks.pop(future)
            if not isinstance(future.exception(), KilledWorker):
                yield from _found(future.result())
            elif chunk[0].careful:
                yield self._failed(chunk[0])
            else:
                self.suspects.extend(replace(job, careful=True) for job in chunk)
            self._refill(fresh, at_once)

    def _refill(self, fresh: Iterator[Job], at_once: int) -> None:
        """Hand out as many chunks as the workers can hold; while a job is under suspicion, that job alone."""
        if self.suspects:
            if not self.chunks:
                self._hand_out([self.suspects.popleft()])
            return
        size = CHUNK if self.limit is None else 1
        while len(self.chunks) < at_once and (chunk := list(islice(fresh, size))):
            self._hand_out(chunk)

    def _hand_out(self, chunk: list[Job]) -> None:
        self.handed_out.extend(chunk)
        task = (self.spec, chunk, self.limit, self.debug)  # not scattered: that is lost with all workers
        future = self.client.submit(work_chunk, *task, pure=False, resources=self.needs or None)
        self.chunks[future] = chunk
        self.ended.add(future)

    def _failed(self, job: Job) -> Record:
        slow = (
            "" if self.limit is None else f", or was ended because it took longer than {self.limit:g} seconds"
        )
        text = f"{job.name}: every worker process that took it up died{slow}."
        return Record(input=job.name, output=job.output, status="failed", error=text)


def _needs(client: Any, spec: BatchSpec) -> Mapping[str, float]:
    """The resources that a worker of somebody's cluster must declare to be given work.

    Raises UsageError where no worker declares them: Dask would wait for one without a word.
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
    """What the scheduler knows of every worker, by address."""
    found: Mapping[str, Mapping[str, Any]] = client.scheduler_info(n_workers=-1)["workers"]
    return found


def work_chunk(
    spec: BatchSpec, jobs: Sequence[Job], limit: float | None = None, debug: bool = False
) -> list[Record] | str:
    """On a worker: the records of a chunk, or why the request is wrong."""
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
"""The worker of the order that came last, by what the order says."""


def _worker(spec: BatchSpec, debug: bool) -> Worker:
    key = digest(pickle.dumps(spec))
    if key not in _workers:
        _workers.clear()
        _workers[key] = Worker(spec, traceback.print_exception if debug else None)
    return _workers[key]


@contextmanager
def _watched(limit: float | None) -> Iterator[None]:
    """End this process where the inner part takes longer, even in native code that lets no other thread run."""
    if limit is None:
        yield
        return
    with open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(limit, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


def _found(records: list[Record] | str) -> list[Record]:
    if isinstance(records, str):
        raise UsageError(records)
    return records


@contextmanager
def _client(scheduler: str | None, workers: int, limit: float | None, debug: bool) -> Iterator[Any]:
    if scheduler is None:
        with local_client(workers, limit, debug) as client:
            yield client
        return
    try:
        client = Client(scheduler, timeout="20s")
    except (OSError, ValueError) as error:
        raise UsageError(f"There is no Dask scheduler at {scheduler}: {error}.") from None
    with client:
        yield client
