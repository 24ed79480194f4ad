"""A chain of steps on one image: one encode and one decode for all the operations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import torch

from vaeedit.image import Frame
from vaeedit.run.member import Member, blamed
from vaeedit.run.operation import Edit, Inspect, Join, Result
from vaeedit.run.together import together
from vaeedit.vae.latents import Latents
from vaeedit.vae.loaded import LoadedVae


@dataclass(frozen=True)
class Chain:
    """Neighboring steps that share one encode and one decode; only a single one may prepare frames and give maps."""

    members: Sequence[Member]

    @cached_property
    def moving(self) -> list[Member]:
        """Those whose options ask for a change."""
        return [member for member in self.members if not member.operation.is_identity]

    @cached_property
    def member(self) -> Member:
        """What does the work: the one that moves, all of these together or, where none does, the first."""
        if len(self.moving) > 1:
            return Member(self.moving[0].step, together(self.moving))
        return (self.moving or self.members)[0]

    def result(self, vae: LoadedVae, original: Frame, precision: torch.dtype, tile: int | None) -> Result:
        """The edited image, and the notes of each step by its label; raises PluginError for what an operation does wrong."""
        for member in self.members:
            member.operation.vae = vae.info
        with blamed(self.member.step):
            edited = self._edited(vae, original, precision=precision, tile=tile)
            result = _finished(self.member, edited, original)
        return (
            result if len(self.moving) > 1 else replace(result, notes={self.member.step.label: result.notes})
        )

    def _edited(self, vae: LoadedVae, original: Frame, **how: Any) -> Sequence[Frame]:
        """The frames that the operation makes of an image, by what it is."""
        operation = self.member.operation
        frames = operation.before([original])
        if isinstance(operation, Inspect):
            for index, frame in enumerate([*frames, *operation.references()]):
                vae.visit(frame, partial(operation.gather, index), **how)
        changed = {"std": operation.wants_std, "delta": self.member.step.spec.delta, **how}
        if isinstance(operation, Join) and frames:
            decoded = frames if operation.wants_decoded else []
            joined = vae.edit_all(frames[0], lambda *all: operation.join(all), others=frames[1:], **changed)
            return joined + [vae.edit(frame, Latents.mean, **how) for frame in decoded]
        if isinstance(operation, Edit):
            return [found for frame in frames for found in vae.edit_all(frame, operation.edit, **changed)]
        return frames


def _finished(member: Member, edited: Sequence[Frame], original: Frame) -> Result:
    """What `after` makes of the decoded frames, checked."""
    if not edited:
        raise ValueError("`before` gave no frame")
    operation = member.operation
    if operation.is_identity and operation.wants_std:
        edited = [replace(frame, pixels=original.pixels) for frame in edited]
    result = operation.after(edited, [original])
    if not isinstance(result, Result):
        raise TypeError(f"`after` gave {result!r:.60}, not a Result")
    missing = member.step.maps - set(result.maps)
    if missing:
        raise ValueError(f"it gave no map {', '.join(sorted(missing))}")
    return result
