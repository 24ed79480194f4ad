"""What a worker process runs: it receives jobs and sends records over one pipe."""

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
    """Sent by a worker that can do no file at all. An exception itself may not survive pickling."""

    kind: type[VaeeditError]
    text: str


def serve(pipe: Connection, spec: BatchSpec, debug: bool) -> None:
    """Do jobs until the pipe is closed; with `debug`, print the traceback of every failure on stderr."""
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
            return  # the parent has ended
        pipe.send(_refusal(error, debug))
    except Exception as error:
        pipe.send(_refusal(error, debug))


def _refusal(error: Exception, debug: bool) -> Refusal:
    if debug:
        traceback.print_exception(error)
    no_memory = "there is not enough memory for it; use fewer --workers."
    reason = no_memory if is_out_of_memory(error) else unexpected(error)
    return Refusal(VaeeditError, f"A worker process cannot do its work: {reason}")


def _incoming(pipe: Connection) -> Iterator[Job | None]:
    """Yield the jobs that arrive, and None while there is none."""
    while True:
        try:
            yield pipe.recv()
        except EOFError:
            return
        if not pipe.poll():
            yield None
