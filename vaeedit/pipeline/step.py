"""Step: one operation with its options, in a pipeline."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vaeedit.settings import STEP_KEYS


@dataclass(frozen=True, init=False, repr=False)
class Step:
    """One operation with its options: Step("soften", strength=0.6).

    `vae` replaces the operation's own VAE, `maps` names the requested side results, and `name` distinguishes steps of the
    same operation; `when` is a condition on the notes of earlier steps: if it is false, the step is skipped.
    """

    operation: str
    """Name of the operation, or plugin:name."""
    options: Mapping[str, Any]
    """Options and extra inputs as they were given; `Pipeline.check` checks them."""
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

    def but(self, options: Mapping[str, Any] | None = None, **own: Any) -> "Step":
        """The step with other options, or with another vae, name or condition, or other maps."""
        kept = {name: getattr(self, name) for name in STEP_KEYS}
        return Step(self.operation, **{**kept, **own}, **(self.options if options is None else options))

    def __repr__(self) -> str:
        own = {name: getattr(self, name) for name in ("vae", "maps", "name", "when")}
        given = {**self.options, **{name: value for name, value in own.items() if value}}
        return f"Step({', '.join([repr(self.operation), *(f'{k}={v!r}' for k, v in given.items())])})"

    @property
    def label(self) -> str:
        """The name of the step for `--set` and in reports."""
        return self.name or self.operation
