"""Where in a whole picture the frames of a run lie: a part of a picture then draws the noise of its place."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_origin: ContextVar[tuple[int, int]] = ContextVar("origin", default=(0, 0))


@contextmanager
def part_at(row: int, column: int) -> Iterator[None]:
    """Inside the `with` block, the first pixel of every frame is at (row, column) of a picture.

    Both are multiples of what the VAE needs (`VAE.multiple`).
    """
    token = _origin.set((row, column))
    try:
        yield
    finally:
        _origin.reset(token)


def origin() -> tuple[int, int]:
    """The row and column of the first pixel; (0, 0) outside such a block."""
    return _origin.get()
