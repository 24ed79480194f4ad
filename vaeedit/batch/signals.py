"""Signals that end a run. The process that the user started handles them; its workers ignore those of a terminal."""

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


def _known(*names: str) -> tuple[signal.Signals, ...]:
    return tuple(getattr(signal, name) for name in names if hasattr(signal, name))


ENDING = _known("SIGINT", "SIGTERM", "SIGHUP")
"""The signals that ask a program to end."""
OF_TERMINALS = _known("SIGINT", "SIGHUP")
"""The signals that a terminal sends to all processes of a run at once."""


def leave_to_parent() -> None:
    """Ignore the signals of a terminal, also those that `held_back` delayed. Call it in the main thread of a worker."""
    for number in OF_TERMINALS:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, OF_TERMINALS)


@contextmanager
def held_back(numbers: Iterable[int] = OF_TERMINALS) -> Iterator[None]:
    """Delay signals while this thread starts a process; the new process inherits the delay, so it is not interrupted either.

    Signals that came meanwhile arrive at the end of the `with` block.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing.resource_tracker import ensure_running

    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        ensure_running()  # the first call starts a process and unblocks some signals
        signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
