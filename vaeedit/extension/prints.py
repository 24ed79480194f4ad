"""What plugins print goes to stderr: stdout belongs to the program, and may be a picture or JSON."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_lock = threading.Lock()
_own = threading.local()
"""`depth`: the number of blocks that this thread is inside of."""


class _Stdout:
    """Stands for stdout: threads inside of a block write to stderr, all others where they did before."""

    def __init__(self, usual: Any) -> None:
        self.usual, self.blocks = usual, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr if getattr(_own, "depth", 0) else self.usual, name)


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
    _own.depth = getattr(_own, "depth", 0) + 1
    try:
        yield
    finally:
        _own.depth -= 1
        with _lock:
            stream.blocks -= 1
            if not stream.blocks and sys.stdout is stream:
                sys.stdout = stream.usual
