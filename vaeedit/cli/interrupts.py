"""SIGINT, SIGTERM and SIGHUP end the program in the same way: once, in order, and with exit code 128 + number.

While the command line itself is loading there is nothing to clean up, and the first signal ends it at once. Later the first
one raises `Interrupted` in the main thread, and further ones are ignored for as long as that is on its way out: what
cleans up is never interrupted. If some code swallows it, it is raised again a little later. An import is never interrupted,
because libraries written in C answer with tracebacks of their own; the signal waits until it is over.
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
"""Seconds after which it is looked whether a signal still waits, or has been swallowed."""


class Interrupted(KeyboardInterrupt):
    """A signal came."""


_number = 0
"""Of the last signal that counted."""
_on_its_way: weakref.ref[Interrupted] | None = None
_heard: list[int] = []
"""Signals that are not ignored by the wish of who started the program, such as nohup."""


def listen() -> None:
    """Take the signals, and end at the first."""
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            _heard.append(number)
            signal.signal(number, _end)
    sys.unraisablehook = _unraisable


def raise_from_here_on() -> None:
    """From now on there is something to clean up."""
    for number in _heard:
        signal.signal(number, _raise)


def stop_listening() -> None:
    """Ignore them: all is done."""
    for number in _heard:
        signal.signal(number, signal.SIG_IGN)
    if _number and hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)


def exit_code() -> int:
    """Of the signal that counted; 0 where none did."""
    return 128 + _number if _number else 0


def say() -> None:
    """Tell the user, if there is still a terminal."""
    with suppress(OSError, ValueError):
        print(TEXT, file=sys.stderr, flush=True)


def _end(number: int, frame: FrameType | None) -> None:
    with suppress(OSError):
        os.write(2, TEXT.encode() + b"\n")
    os._exit(128 + number)


def _raise(number: int, frame: FrameType | None) -> None:
    """Raise, unless it is too early, or the one before is still on its way; look again later in any case."""
    _look_again(number)
    if not _is_importing(frame) and (_on_its_way is None or _on_its_way() is None):
        raise _interrupted(number)


def _look_again(number: int) -> None:
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, lambda _, frame: _raise(number, frame))
        signal.setitimer(signal.ITIMER_REAL, PAUSE)


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None and not frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return frame is not None and hasattr(signal, "setitimer")


def _interrupted(number: int) -> Interrupted:
    """A new one; no frame of its traceback may hold it, so that it is gone as soon as it is swallowed."""
    global _number, _on_its_way
    error = Interrupted()
    _number, _on_its_way = number, weakref.ref(error)
    return error


def _unraisable(found: Any) -> None:
    """One that arose where Python can only print it, such as in a destructor, comes again without a word."""
    if not isinstance(found.exc_value, Interrupted):
        sys.__unraisablehook__(found)
