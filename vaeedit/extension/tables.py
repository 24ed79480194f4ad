"""The parts of the registry: tables of specs by name, and a report for each plugin."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from vaeedit.errors import UnknownName
from vaeedit.extension.specs import Spec

S = TypeVar("S", bound=Spec)


@dataclass(frozen=True)
class Report:
    """How loading one plugin ended; `state` is loaded, broken, refused, clash or off."""

    plugin: str
    distribution: str
    state: str
    reason: str = ""
    provides: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of its specs by kind: operations, weights, ..."""


@dataclass(frozen=True)
class Provided(Generic[S]):
    """A spec, and the plugin and package that it comes from."""

    spec: S
    plugin: str
    distribution: str

    @property
    def qualified(self) -> str:
        """'plugin:name', which is unique."""
        return f"{self.plugin}:{self.spec.name}"


@dataclass
class Table(Generic[S]):
    """Specs of one kind by name; where two plugins use one name, the second spec is found as 'plugin:name' only."""

    holds: type[S]
    kind: str
    why_missing: Callable[[str], tuple[str, bool]] = lambda name: ("", False)
    """A sentence on why a name is missing, and whether it names the plugin that provides it."""
    bare: dict[str, Provided[S]] = field(default_factory=dict)
    qualified: dict[str, Provided[S]] = field(default_factory=dict)

    def add(self, item: Provided[S]) -> str | None:
        """Register a spec; returns the plugin that already uses its name, or None."""
        self.qualified[item.qualified] = item
        holder = self.bare.setdefault(item.spec.name, item)
        return None if holder is item else holder.plugin

    def __contains__(self, name: str) -> bool:
        return name in self.bare or name in self.qualified

    def find(self, name: str) -> Provided[S]:
        """Look up 'name' or 'plugin:name'; raises UnknownName, which suggests the nearest name."""
        item = self.bare.get(name) or self.qualified.get(name)
        if item is None:
            why, owner = self.why_missing(name)
            raise UnknownName(self.kind, name, self.qualified if ":" in name else self.bare, why, owner=owner)
        return item
