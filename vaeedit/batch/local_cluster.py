"""A Dask cluster on this machine. It uses TLS with a certificate made for this run, so nobody else can connect."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import dask
from distributed import Client, LocalCluster, WorkerPlugin
from distributed.security import Security

from vaeedit.batch import signals
from vaeedit.errors import MissingExtra

WORKER_TTL = 60.0
"""Seconds after which a worker that sends no heartbeat is replaced, if there is a time limit; at least that limit."""

NEVER = "1000d"
"""The time after a loss until LocalCluster ends the nanny of a worker that is not back.

By default 15 s: too short on a busy machine, and a second loss in this time counts as well. The nanny's files would be lost.
"""


@contextmanager
def local_client(workers: int, limit: float | None = None, debug: bool = False) -> Iterator[Any]:
    """Start a cluster and yield its client; both end with the `with` block. Raises MissingExtra."""
    settings: dict[str, Any] = {
        "distributed.scheduler.allowed-failures": 0,  # the engine itself tries again
        "distributed.deploy.lost-worker-timeout": NEVER,
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
    }
    if limit is not None:
        settings["distributed.scheduler.worker-ttl"] = f"{max(limit, WORKER_TTL)}s"
    level = logging.WARNING if debug else logging.CRITICAL  # the engine reports what matters
    for name in ("distributed", "tornado", "asyncio"):
        logging.getLogger(name).setLevel(level)
    with dask.config.set(settings), ExitStack() as stack:
        with signals.held_back(signals.ENDING):  # a cluster that is half started cannot be closed
            cluster = stack.enter_context(
                LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    dashboard_address=None,
                    scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
                    security=_security(),
                    silence_logs=level,
                )
            )
        client = stack.enter_context(Client(cluster))
        cluster.scheduler.http_server.stop()
        client.register_plugin(_NoPages())
        yield client


class _NoPages(WorkerPlugin):  # type: ignore[misc]  # distributed has no types here
    """Closes the port of a worker's web pages, which need no certificate; workers that replace others load it too."""

    def setup(self, worker: Any) -> None:
        worker.http_server.stop()


def _security() -> Security:
    try:
        return Security.temporary()
    except ImportError:  # the package cryptography is missing
        raise MissingExtra("The Dask engine", "dask") from None
