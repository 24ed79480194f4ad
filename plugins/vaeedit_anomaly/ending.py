"""Ctrl-C and SIGTERM, for a command that runs until somebody ends it."""

import signal
import time
from types import FrameType, TracebackType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)
STEP = 0.1
"""Longest sleep in seconds, after which a signal is noticed."""


class Ending:
    """In its `with` block the first signal only makes `wanted` true; a second one is handled as before the block.

    Signals that were ignored before stay ignored.
    """

    def __init__(self) -> None:
        self.wanted = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._want)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    def sleep(self, seconds: float) -> None:
        """Sleep so long, or until the end is wanted."""
        until = time.monotonic() + seconds
        while not self.wanted and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, STEP))

    def _want(self, number: int, frame: FrameType | None) -> None:
        self.wanted = True
        self._restore()

    def _restore(self) -> None:
        while self._before:
            number, handler = self._before.popitem()
            signal.signal(number, handler)
