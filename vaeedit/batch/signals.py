"""The signals that end a run concern the process that the user started; its workers end when it does, or as it says."""

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


def _known(*names: str) -> tuple[signal.Signals, ...]:
    return tuple(getattr(signal, name) for name in names if hasattr(signal, name))


ENDING = _known("SIGINT", "SIGTERM", "SIGHUP")
"""The signals that ask a program to end."""
OF_TERMINALS = _known("SIGINT", "SIGHUP")
"""Those that a terminal sends to all processes of a run at once."""


def leave_to_parent() -> None:
    """Ignore what a terminal sends, also what `held_back` has let wait; for the main thread of a worker."""
    for number in OF_TERMINALS:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, OF_TERMINALS)


@contextmanager
def held_back(numbers: Iterable[int] = OF_TERMINALS) -> Iterator[None]:
    """Let signals wait while this thread starts a process, which begins in the same state and is not interrupted either.

    Those that came meanwhile arrive when this ends.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing.resource_tracker import ensure_running

    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        ensure_running()  # of multiprocessing: the first time it starts a process, and lets some signals through
        signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
