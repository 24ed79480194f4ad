"""SIGINT, SIGTERM and SIGHUP end the program in the same way: once, after cleaning up, with exit code 128 + number.

While the command line itself is loading there is nothing to clean up, and the first signal ends the process at once. Later,
the first signal raises `Interrupted` in the main thread. Further signals are ignored while that exception propagates, so
clean-up code is never interrupted. If some code catches the exception and goes on, it is raised again a little later. An
import is never interrupted, because libraries written in C then print tracebacks; the signal waits for its end.
"""

import os
import signal
import sys
import weakref
from contextlib import suppress
from types import FrameType
from typing import Any

from vaeedit.batch.signals import ENDING

TEXT = "Error: interrupted; nothing partial was left behind."
PAUSE = 0.1
"""Seconds after which a signal is handled again, in case it had to wait or its exception was caught."""


class Interrupted(KeyboardInterrupt):
    """A signal arrived."""


_number = 0
"""The last signal that raised `Interrupted`."""
_in_flight: weakref.ref[Interrupted] | None = None
"""The exception of that signal, as long as it propagates."""
_handled: list[int] = []
"""Signals that have a handler of ours. Those that the caller ignores (as nohup does) stay ignored."""


def listen() -> None:
    """Install handlers that end the process at the first signal."""
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            _handled.append(number)
            signal.signal(number, _end)
    sys.unraisablehook = _unraisable


def raise_from_here_on() -> None:
    """From now on, signals raise `Interrupted`: there may be something to clean up."""
    for number in _handled:
        signal.signal(number, _raise)


def stop_listening() -> None:
    """Ignore signals from now on: the work is done."""
    for number in _handled:
        signal.signal(number, signal.SIG_IGN)
    if _number and hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)


def exit_code() -> int:
    """Return 128 + the number of the signal that raised `Interrupted`; 0 if there was none."""
    return 128 + _number if _number else 0


def say() -> None:
    """Print the message, if stderr is still open."""
    with suppress(OSError, ValueError):
        print(TEXT, file=sys.stderr, flush=True)


def _end(number: int, frame: FrameType | None) -> None:
    with suppress(OSError):
        os.write(2, TEXT.encode() + b"\n")
    os._exit(128 + number)


def _raise(number: int, frame: FrameType | None) -> None:
    """Raise, unless a module is being imported or the last exception still propagates; check again later in any case."""
    _check_later(number)
    if not _is_importing(frame) and (_in_flight is None or _in_flight() is None):
        raise _interrupted(number)


def _check_later(number: int) -> None:
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, lambda _, frame: _raise(number, frame))
        signal.setitimer(signal.ITIMER_REAL, PAUSE)


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None and not frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return frame is not None and hasattr(signal, "setitimer")


def _interrupted(number: int) -> Interrupted:
    """Return a new exception. No frame of its traceback refers to it, so it is deleted as soon as some code has caught it."""
    global _number, _in_flight
    error = Interrupted()
    _number, _in_flight = number, weakref.ref(error)
    return error


def _unraisable(info: Any) -> None:
    """Print no `Interrupted` that was raised where it cannot propagate, such as in a destructor; it is raised again."""
    if not isinstance(info.exc_value, Interrupted):
        sys.__unraisablehook__(info)
