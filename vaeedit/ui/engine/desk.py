"""The desk gives work of the page to workers."""

from collections.abc import Callable
from typing import Any

from vaeedit.settings import Settings


class Desk:
    """Work of all sittings."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def submit(
        self,
        key: str,
        task: Callable[..., Any],
        *arguments: Any,
        lane: str = "preview",
        replaces: str | None = None,
    ) -> Any:
        """Queue a task of a sitting."""
        raise NotImplementedError

    def forget(self, key: str) -> None:
        """Cancel all work of a sitting."""

    def close(self) -> None:
        """End all work."""
