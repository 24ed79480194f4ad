"""The life of a worker process: jobs in and records out over one pipe."""

import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection

from vaeedit.batch import signals
from vaeedit.batch.batch_spec import BatchSpec
from vaeedit.batch.jobs import Job
from vaeedit.errors import UsageError, VaeeditError, WeightsError, is_out_of_memory, unexpected

READY = "ready"
"""What a worker sends before its first record."""


@dataclass(frozen=True)
class Refusal:
    """What a worker sends where no file can be done; exceptions themselves may not survive a pipe."""

    kind: type[VaeeditError]
    text: str


def serve(pipe: Connection, spec: BatchSpec, debug: bool) -> None:
    """Do jobs until the pipe is closed; with `debug`, the traceback of every failure goes to stderr."""
    signals.leave_to_parent()
    try:
        from vaeedit.batch.work import Worker

        worker = Worker(spec, traceback.print_exception if debug else None)
        pipe.send(READY)
        for record in worker.records(_incoming(pipe)):
            pipe.send(record)
    except (UsageError, WeightsError) as error:
        pipe.send(Refusal(WeightsError if isinstance(error, WeightsError) else UsageError, str(error)))
    except OSError as error:
        if not is_out_of_memory(error):
            return  # the parent is gone
        pipe.send(_refusal(error, debug))
    except Exception as error:
        pipe.send(_refusal(error, debug))


def _refusal(error: Exception, debug: bool) -> Refusal:
    if debug:
        traceback.print_exception(error)
    short = is_out_of_memory(error)
    told = "there is not enough memory for it; use fewer --workers." if short else unexpected(error)
    return Refusal(VaeeditError, f"A worker process cannot do its work: {told}")


def _incoming(pipe: Connection) -> Iterator[Job | None]:
    while True:
        try:
            yield pipe.recv()
        except EOFError:
            return
        if not pipe.poll():
            yield None
