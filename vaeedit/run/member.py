"""A member: one step of a chain with its operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vaeedit.errors import PluginError
from vaeedit.extension.faults import Fault, plugin_errors
from vaeedit.extension.specs import load_target
from vaeedit.image import Frame, working
from vaeedit.image.frame import frozen
from vaeedit.pipeline.plan import PlannedStep
from vaeedit.run.operation import Edit, Inspect, Join, Operation, Request

Opened = Callable[[str], list[Frame]]
"""Opens an extra input by its text in the plan: one picture, or those of a folder."""


@dataclass(frozen=True)
class Member:
    """A step of a chain with its operation, made for one image."""

    step: PlannedStep
    operation: Operation[Any]
    title: str
    """The operation and its package with the version, as errors begin: The operation soften of acme 1.2."""
    is_identity: bool
    """Whether the options ask for no change at all."""

    @classmethod
    def of(cls, step: PlannedStep, seed: int, opened: Opened) -> Member:
        """Make the operation; raises PluginError for a class that is not an operation, or fails, and ImageError."""
        images = {
            name: [frozen(working(frame)) for text in texts for frame in opened(text)]
            for name, texts in step.extra_inputs.items()
            if name in step.spec.extra_inputs
        }
        who = f"The operation {step.spec.name} of {step.provided.package}"
        with plugin_errors(who):
            operation = _target(step)(Request(step.options, seed, step.maps, images))
            _require_kind(operation, step)
            _require_properties(operation)
            return cls(step, operation, who, bool(operation.is_identity))

    @property
    def runs(self) -> bool:
        """Whether there is anything to do: the image changes, or `after` needs its standard deviation."""
        with plugin_errors(self.title):
            return not self.is_identity or (self.step.spec.uses_vae and self.operation.wants_std)

    @property
    def makes_one_of_one(self) -> bool:
        """Whether the operation changes one picture, so that a mask can limit it."""
        return not isinstance(self.operation, (Join, Inspect)) or isinstance(self.operation, Edit)


def _target(step: PlannedStep) -> Any:
    try:
        return load_target(step.spec.target)
    except PluginError as error:
        raise Fault(f"cannot run: {error}") from error


def _require_kind(operation: Any, step: PlannedStep) -> None:
    """Raise Fault for an object whose base class does not fit `uses_vae` or `latent` of its spec."""
    on_latents = isinstance(operation, (Edit, Join, Inspect))
    if step.spec.uses_vae and not on_latents:
        raise Fault(
            f"has a class, {type(operation).__name__}, that does not derive from Edit, Join or Inspect;"
            " derive it from one of these, or declare uses_vae=False in the spec."
        )
    if step.spec.latent and not isinstance(operation, Edit):
        raise Fault("declares `latent` and does not derive from Edit.")
    if not step.spec.uses_vae and (on_latents or not isinstance(operation, Operation)):
        raise Fault(
            f"has a class, {type(operation).__name__}, that does not derive from Operation alone;"
            " its spec declares uses_vae=False: derive it from Operation, or leave that out."
        )


def _require_properties(operation: Any) -> None:
    """Raise Fault for a method where a property is wanted: an object that is always true."""
    for name in ("is_identity", "wants_std", "wants_decoded"):
        if callable(getattr(type(operation), name, None)):
            raise Fault(f"defines {name} as a method; put @property above it.")
