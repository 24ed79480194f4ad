"""A chain of steps on one image: one encode and one decode for all the operations."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import torch

from vaeedit.errors import PluginError, VaeeditError, is_out_of_memory
from vaeedit.extension.specs import load_target
from vaeedit.image import Frame
from vaeedit.pipeline.plan import PlannedStep
from vaeedit.run.operation import Edit, Inspect, Join, Operation, Request, Result
from vaeedit.vae.edited import Edited, edited_again
from vaeedit.vae.latents import Latents
from vaeedit.vae.loaded import LoadedVae


@dataclass(frozen=True)
class Member:
    """A step of a chain with its operation, made for one image."""

    step: PlannedStep
    operation: Operation[Any]

    @classmethod
    def of(cls, step: PlannedStep, seed: int, images: Mapping[str, Sequence[Frame]]) -> "Member":
        """Raises PluginError for a class that is no operation, or cannot be made."""
        with blamed(step):
            made = load_target(step.spec.target)(Request(step.options, seed, step.maps, images))
            if not isinstance(made, (Edit, Join, Inspect)):
                raise TypeError(f"{type(made).__name__} must derive from Edit, Join or Inspect")
            return cls(step, made)

    def edit(self, latents: Latents) -> Edited:
        """What the operation makes of latents; raises PluginError."""
        with blamed(self.step):
            if not isinstance(self.operation, Edit):
                raise TypeError("it declares `latent` and does not derive from Edit")
            return self.operation.edit(latents)


@dataclass(frozen=True)
class Chain:
    """Neighboring steps that share one encode and one decode; only a single one prepares frames and gives maps."""

    members: Sequence[Member]

    @cached_property
    def moving(self) -> list[Member]:
        """Those whose options ask for a change."""
        return [member for member in self.members if not member.operation.is_identity]

    def result(self, vae: LoadedVae, original: Frame, precision: torch.dtype, tile: int | None) -> Result:
        """The edited image; raises PluginError for what an operation does wrong."""
        for member in self.members:
            member.operation.vae = vae.info
        first = self.members[0]
        with blamed(first.step):
            edited = self._edited(vae, original, precision=precision, tile=tile)
            return _finished(first, edited, original)

    def _edited(self, vae: LoadedVae, original: Frame, **how: Any) -> Sequence[Frame]:
        """The frames that the operations make of an image, by what the first one is."""
        first = self.members[0]
        operation, frames = first.operation, first.operation.before([original])
        if isinstance(operation, Inspect):
            for index, frame in enumerate([*frames, *operation.references()]):
                vae.visit(frame, partial(operation.gather, index), **how)
        changed = {"scale": operation.wants_scale, "delta": first.step.spec.delta, **how}
        if isinstance(operation, Join) and frames:
            decoded = frames if operation.wants_decoded else []
            joined = vae.edit_all(frames[0], self._change, others=frames[1:], **changed)
            return joined + [vae.edit(frame, Latents.mean, **how) for frame in decoded]
        if isinstance(operation, Edit):
            return [found for frame in frames for found in vae.edit_all(frame, self._change, **changed)]
        return frames

    def _change(self, *latents: Latents) -> Edited:
        """What the operations make of the latents of a tile, one after the other."""
        first, *following = self.moving or self.members[:1]
        found = first.operation.join(latents) if isinstance(first.operation, Join) else first.edit(*latents)
        for member in following:
            with blamed(member.step):
                found = edited_again(found, member.edit)
        return found


def _finished(member: Member, edited: Sequence[Frame], original: Frame) -> Result:
    """What `after` makes of the decoded frames, checked."""
    if not edited:
        raise ValueError("`before` gave no frame")
    operation = member.operation
    if operation.is_identity and operation.wants_scale:
        edited = [replace(frame, pixels=original.pixels) for frame in edited]
    result = operation.after(edited, [original])
    if not isinstance(result, Result):
        raise TypeError(f"`after` gave {result!r:.60}, not a Result")
    missing = member.step.maps - set(result.maps)
    if missing:
        raise ValueError(f"it gave no map {', '.join(sorted(missing))}")
    return result


@contextmanager
def blamed(step: PlannedStep) -> Iterator[None]:
    """Turn what a plugin's code raises into a PluginError that names it."""
    try:
        yield
    except (VaeeditError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        if is_out_of_memory(error):
            raise MemoryError from error
        where = f"The operation {step.spec.name} of {step.provided.distribution}"
        raise PluginError(f"{where} failed: {type(error).__name__}: {error}") from error
