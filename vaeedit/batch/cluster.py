"""The Dask engine: chunks of files on the workers of a cluster, each with a session that stays between chunks.

A chunk whose worker is lost goes to another one; where it has taken down several, its files are done one by one, and
the one that still kills its worker has failed.
"""

import pickle
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Any

from distributed import Client, Future, KilledWorker, LocalCluster, as_completed

from vaeedit.batch.jobs import Job, remove_leftovers
from vaeedit.batch.journal import Record
from vaeedit.batch.lines import digest
from vaeedit.batch.order import Order
from vaeedit.batch.work import Worker
from vaeedit.errors import UsageError, WeightsError

CHUNK = 8
"""Files in one task: enough that reading, computing and writing overlap, few enough that little is lost."""
AHEAD = 2
"""Chunks a worker is given at a time."""


def records_of_cluster(
    order: Order, jobs: Iterable[Job | None], scheduler: str | None, workers: int
) -> Iterator[Record]:
    """The records of all jobs, as their chunks end; raises UsageError where a worker finds the request wrong.

    Dask gives the work of a lost worker to another one without a word, so what it was writing is swept up at the end.
    """
    handed_out: list[Job] = []
    try:
        with _client(scheduler, workers) as client:
            gpu = str(order.settings.get("device", "")).startswith("cuda")
            needs = {"resources": {"GPU": 1}} if gpu else {}
            yield from _records(client, needs, order, filter(None, jobs), handed_out)
    finally:
        remove_leftovers(handed_out)


def _records(
    client: Any, needs: Mapping[str, Any], order: Order, fresh: Iterator[Job], handed_out: list[Job]
) -> Iterator[Record]:
    """The records of jobs, of which every worker is given a few chunks at a time."""
    shared = client.scatter(order, broadcast=True)
    chunks: dict[Future, list[Job]] = {}
    ended = as_completed()

    def hand_out(chunk: list[Job]) -> None:
        handed_out.extend(chunk)
        future = client.submit(work_chunk, shared, chunk, pure=False, **needs)
        chunks[future] = chunk
        ended.add(future)

    for _ in range(AHEAD * max(1, len(client.scheduler_info()["workers"]))):
        if chunk := list(islice(fresh, CHUNK)):
            hand_out(chunk)
    for future in ended:
        chunk = chunks.pop(future)
        for again in _remaining(future, chunk):
            hand_out([again])
        yield from _outcome(future, chunk)
        if chunk := list(islice(fresh, CHUNK)):
            hand_out(chunk)


def work_chunk(order: Order, jobs: Sequence[Job]) -> list[Record] | str:
    """On a worker: the records of a chunk, or why the request is wrong."""
    try:
        with _one_at_a_time:
            return list(_worker(order).records(jobs))
    except (UsageError, WeightsError) as error:
        return str(error)


_one_at_a_time = threading.Lock()
_workers: dict[str, Worker] = {}
"""The worker of the order that came last, by what the order says."""


def _worker(order: Order) -> Worker:
    key = digest(pickle.dumps(order))
    if key not in _workers:
        _workers.clear()
        _workers[key] = Worker(order)
    return _workers[key]


def _remaining(future: Future, chunk: Sequence[Job]) -> list[Job]:
    """The jobs of a chunk that has taken down its workers and may hold innocent ones."""
    lost = isinstance(future.exception(), KilledWorker)
    return [replace(job, careful=True) for job in chunk] if lost and len(chunk) > 1 else []


def _outcome(future: Future, chunk: Sequence[Job]) -> list[Record]:
    error = future.exception()
    if isinstance(error, KilledWorker):
        text = f"{chunk[0].name}: every worker process that took it up died."
        lost = Record(input=chunk[0].name, output=str(chunk[0].target), status="failed", error=text)
        return [lost] if len(chunk) == 1 else []
    found: list[Record] | str = future.result()
    if isinstance(found, str):
        raise UsageError(found)
    return found


@contextmanager
def _client(scheduler: str | None, workers: int) -> Iterator[Any]:
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout="20s")
        except (OSError, ValueError) as error:
            raise UsageError(f"There is no Dask scheduler at {scheduler}: {error}.") from None
        with client:
            yield client
        return
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client
