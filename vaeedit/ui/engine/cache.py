"""A cache of limited size that forgets what was not used for the longest time."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class Cache(Generic[V]):
    """Keeps values of at most `budget` bytes together; the last value stays even if it is larger."""

    def __init__(self, budget: int, size: Callable[[V], int]) -> None:
        self.budget, self.size = budget, size
        self._kept: OrderedDict[Hashable, V] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """The value of this key, made if it is not here."""
        if key not in self._kept:
            self._kept[key] = make()
        self._kept.move_to_end(key)
        value = self._kept[key]
        while len(self._kept) > 1 and self.bytes > self.budget:
            self._kept.popitem(last=False)
        return value

    @property
    def bytes(self) -> int:
        """The bytes of all values."""
        return sum(map(self.size, self._kept.values()))
