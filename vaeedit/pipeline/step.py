"""Step: one operation with its options, as a pipeline holds it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, init=False)
class Step:
    """One operation with its options: Step("soften", strength=0.6).

    `vae` replaces the operation's own, `maps` names the side results that are wanted, and `name` tells steps of the
    same operation apart; `when` is a condition on the notes of earlier steps, without which the step is skipped.
    """

    operation: str
    options: Mapping[str, Any]
    vae: str | None
    maps: tuple[str, ...]
    name: str | None
    when: str | None

    def __init__(
        self,
        operation: str,
        /,
        *,
        vae: str | None = None,
        maps: Iterable[str] = (),
        name: str | None = None,
        when: str | None = None,
        **options: Any,
    ) -> None:
        own = {"vae": vae, "maps": tuple(maps), "name": name, "when": when}
        self.__dict__.update(operation=operation, options=options, **own)

    @property
    def label(self) -> str:
        """What `--set` and reports call the step."""
        return self.name or self.operation
