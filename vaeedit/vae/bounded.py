"""A network is built within bounds: a header may ask for more parts than anybody has trained."""

from collections.abc import Callable, Iterable
from typing import Any

from torch.overrides import TorchFunctionMode

from vaeedit.errors import OptionError

CALLS = 30_000
"""Calls of torch while a network is built, at most: about four for each of its tensors, in a second or two."""


class Bounded(TorchFunctionMode):
    """Counts what a network does while it is built, and ends it with an OptionError where that is too much."""

    def __init__(self) -> None:
        super().__init__()
        self.left = CALLS

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Do it, and count."""
        self.left -= 1
        if self.left < 0:
            raise OptionError("it asks for a network of too many parts.")
        return func(*args, **(kwargs or {}))
