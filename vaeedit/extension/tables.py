"""The parts of the registry: tables of specs by name, and a report for each plugin."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Generic, TypeVar

from vaeedit.errors import UnknownName
from vaeedit.extension.specs import Spec

S = TypeVar("S", bound=Spec)
SLOW = 0.3
"""Seconds that the import of a plugin may take."""


@dataclass(frozen=True)
class Report:
    """How loading one plugin ended; `state` is loaded, broken, refused, clash or off."""

    plugin: str
    distribution: str
    state: str
    reason: str = ""
    cure: str = ""
    """What the user can do about it, unless it is loaded."""
    provides: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of its specs by kind: operations, weights, ...; those of a plugin that is broken cannot be used."""
    version: str = ""
    """Version of the distribution; empty if it is not known."""
    seconds: float | None = None
    """How long its import took; None if it was not imported."""

    @property
    def is_missing(self) -> bool:
        """Whether nothing of it can be used."""
        return self.state not in ("loaded", "clash")

    @property
    def slowness(self) -> str:
        """A sentence, if its import takes longer than `SLOW`; else empty."""
        if self.seconds is None or self.seconds <= SLOW:
            return ""
        return (
            f"its import took {1000 * self.seconds:.0f} ms, more than {1000 * SLOW:.0f} ms, and every command waits "
            "for it; its module should import nothing heavy"
        )


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

    @property
    def package(self) -> str:
        """The package and its version."""
        return package(self.distribution)


def package(name: str) -> str:
    """The name of an installed package and its version; the name alone if no such package is installed."""
    try:
        return f"{name} {version(name)}"
    except (PackageNotFoundError, ValueError):
        return name


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

    def of(self, plugin: str) -> list[Provided[S]]:
        """The specs of one plugin."""
        return [item for item in self.qualified.values() if item.plugin == plugin]

    def __contains__(self, name: str) -> bool:
        return name in self.bare or name in self.qualified

    def find(self, name: str) -> Provided[S]:
        """Look up 'name' or 'plugin:name'; raises UnknownName, which suggests the nearest name."""
        item = self.bare.get(name) or self.qualified.get(name)
        if item is None:
            why, owner = self.why_missing(name)
            raise UnknownName(self.kind, name, self.qualified if ":" in name else self.bare, why, owner=owner)
        return item
