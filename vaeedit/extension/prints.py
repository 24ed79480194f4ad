"""What plugins print goes to stderr: stdout belongs to the program, and may be a picture or JSON."""

import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_lock = threading.Lock()
_own = threading.local()
"""`depth`: the number of blocks that this thread is inside of; `record`: what it prints there, if that is recorded."""


def _depth() -> int:
    depth: int = getattr(_own, "depth", 0)
    return depth


class _Stdout:
    """Stands for stdout: threads inside of a block write to stderr, all others where they did before."""

    def __init__(self, usual: Any) -> None:
        self.usual, self.blocks = usual, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr if _depth() else self.usual, name)

    def write(self, text: str) -> int:
        """Write, and record what a plugin prints."""
        record: io.StringIO | None = getattr(_own, "record", None)
        if record is not None and _depth():
            record.write(text)
        written: int = (sys.stderr if _depth() else self.usual).write(text)
        return written


@contextmanager
def prints_recorded() -> Iterator[io.StringIO]:
    """Inside the `with` block, what plugins print in this thread is kept, too."""
    before = getattr(_own, "record", None)
    _own.record = io.StringIO()
    try:
        yield _own.record
    finally:
        _own.record = before


@contextmanager
def prints_to_stderr() -> Iterator[None]:
    """Inside the `with` block, what this thread prints through `sys.stdout` goes to stderr."""
    if sys.stdout is None or sys.stderr is None:  # a program without a console
        yield
        return
    with _lock:  # another thread may be in such a block, too
        stream = sys.stdout if isinstance(sys.stdout, _Stdout) else _Stdout(sys.stdout)
        stream.blocks += 1
        sys.stdout = stream
    _own.depth = _depth() + 1
    try:
        yield
    finally:
        _own.depth -= 1
        with _lock:
            stream.blocks -= 1
            if not stream.blocks and sys.stdout is stream:
                sys.stdout = stream.usual
