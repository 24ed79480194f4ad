"""A member: one step of a chain with its operation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vaeedit.errors import PluginError, VaeeditError, is_out_of_memory
from vaeedit.extension.specs import load_target
from vaeedit.image import Frame, working
from vaeedit.pipeline.plan import PlannedStep
from vaeedit.run.operation import Edit, Inspect, Join, Operation, Request

if TYPE_CHECKING:
    from vaeedit.vae.edited import Edited
    from vaeedit.vae.latents import Latents

Opened = Callable[[str], list[Frame]]
"""Opens an extra input by its text in the plan: one picture, or those of a folder."""


@dataclass(frozen=True)
class Member:
    """A step of a chain with its operation, made for one image."""

    step: PlannedStep
    operation: Operation[Any]

    @classmethod
    def of(cls, step: PlannedStep, seed: int, opened: Opened) -> Member:
        """Make the operation; raises PluginError for a class that is not an operation, or fails, and ImageError."""
        images = {
            name: [working(frame) for text in texts for frame in opened(text)]
            for name, texts in step.extra_inputs.items()
            if name in step.spec.extra_inputs
        }
        with plugin_errors(step):
            operation = load_target(step.spec.target)(Request(step.options, seed, step.maps, images))
            _require_kind(operation, step)
            return cls(step, operation)

    @property
    def makes_one_of_one(self) -> bool:
        """Whether the operation changes one picture, so that a mask can limit it."""
        return not isinstance(self.operation, (Join, Inspect)) or isinstance(self.operation, Edit)

    def edit(self, latents: Latents) -> Edited:
        """The latents after the operation's edit; raises PluginError."""
        with plugin_errors(self.step):
            if not isinstance(self.operation, Edit):
                raise TypeError("it declares `latent` and does not derive from Edit")
            return self.operation.edit(latents)


def _require_kind(operation: Any, step: PlannedStep) -> None:
    """Raise TypeError for an object that has not the base class that its spec says."""
    on_latents = isinstance(operation, (Edit, Join, Inspect))
    if step.spec.uses_vae and not on_latents:
        raise TypeError(f"{type(operation).__name__} must derive from Edit, Join or Inspect")
    if not step.spec.uses_vae and (on_latents or not isinstance(operation, Operation)):
        raise TypeError(f"{type(operation).__name__} must derive from Operation, because it uses no VAE")


@contextmanager
def plugin_errors(step: PlannedStep) -> Iterator[None]:
    """Convert any exception of a plugin's code to a PluginError that names the operation and its package."""
    try:
        yield
    except (VaeeditError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        if is_out_of_memory(error):
            raise MemoryError from error
        where = f"The operation {step.spec.name} of {step.provided.distribution}"
        raise PluginError(f"{where} failed: {type(error).__name__}: {error}") from error
