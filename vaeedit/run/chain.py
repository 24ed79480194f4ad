"""A chain: neighboring steps that run on one image with one encode and one decode."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from vaeedit.extension.faults import Fault, plugin_errors
from vaeedit.image import Frame
from vaeedit.run.checked import finished
from vaeedit.run.combined import combined
from vaeedit.run.guarded import guarded
from vaeedit.run.member import Member
from vaeedit.run.operation import Edit, Inspect, Join, Result
from vaeedit.vae.latents import Latents
from vaeedit.vae.loaded import LoadedVae
from vaeedit.vae.ticks import counted


def run_chain(
    members: Sequence[Member], vae: LoadedVae, original: Frame, precision: torch.dtype, tile: int | None
) -> Result:
    """Run steps that share one encode and one decode; the notes of the result are by the labels of the steps.

    Only a step that is alone may prepare frames and return maps. Raises PluginError if an operation fails.
    """
    for member in members:
        member.operation.vae = vae.info
    together = len(members) > 1
    member = combined(members) if together else members[0]
    with plugin_errors(member.title):
        edited = _edited(member, vae, original, precision=precision, tile=tile)
    if member.is_identity:  # it runs for the standard deviation
        edited = [replace(frame, pixels=original.pixels) for frame in edited]
    result = finished(member, edited, original)
    return result if together else replace(result, notes={member.step.label: result.notes})


def _edited(member: Member, vae: LoadedVae, original: Frame, **how: Any) -> Sequence[Frame]:
    """The frames that an `Edit`, a `Join` or an `Inspect` makes of the image."""
    operation = member.operation
    frames = operation.before([original])
    inspected = [*frames, *operation.references()] if isinstance(operation, Inspect) else []
    if not all(isinstance(frame, Frame) for frame in [*frames, *inspected]):
        raise Fault("returned something other than frames from `before` or `references`.")
    decoded = frames if isinstance(operation, Join) and operation.wants_decoded else []
    edited = frames if isinstance(operation, Edit) else frames[:1] if isinstance(operation, Join) else []
    changed = {"std": operation.wants_std, "delta": member.step.spec.delta, **how}
    with counted(lambda: sum(vae.tiles(frame, how["tile"]) for frame in [*inspected, *edited, *decoded])):
        for index, frame in enumerate(inspected):
            assert isinstance(operation, Inspect)
            vae.visit(frame, partial(operation.gather, index), **how)
        if isinstance(operation, Join) and frames:
            join = partial(guarded, member.title, lambda *all: operation.join(all))
            joined = vae.edit_all(frames[0], join, others=frames[1:], **changed)
            return joined + [vae.edit(frame, Latents.mean, **how) for frame in decoded]
        if isinstance(operation, Edit):
            edit = partial(guarded, member.title, operation.edit)
            return [result for frame in edited for result in vae.edit_all(frame, edit, **changed)]
    return frames
