"""A worker of the page in the process of the tests, without a desk."""

from vaeedit.settings import Settings
from vaeedit.ui.engine.worker import Worker


class Line:
    """Keeps what a task tells; nothing is ever outdated."""

    outdated = False

    def __init__(self) -> None:
        self.told: list[tuple[float, str]] = []

    def tell(self, done: float, text: str) -> None:
        self.told.append((done, text))


def worker_here(**settings: object) -> tuple[Worker, Line]:
    """A worker, and what it tells."""
    line = Line()
    return Worker(Settings(**settings), line), line  # type: ignore[arg-type]
