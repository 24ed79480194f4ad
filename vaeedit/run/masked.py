"""The mask of a step: the result of an edit inside of it, and the picture before the edit elsewhere."""

from dataclasses import replace

from vaeedit.errors import ImageError, OptionError
from vaeedit.image import Frame, mixed, weights_of
from vaeedit.image.masks import Weights
from vaeedit.pipeline.plan import PlannedStep
from vaeedit.run.member import Member, Opened
from vaeedit.run.operation import Result


def weights_for(member: Member, original: Frame, opened: Opened) -> Weights | None:
    """How much of the edit each pixel takes, (H, W) in [0, 1]; None without a mask.

    Raises OptionError for an operation that joins pictures or only inspects them, and ImageError for a mask that cannot be
    read or does not fit.
    """
    step = member.step
    if step.mask is None:
        return None
    if not member.makes_one_of_one:
        raise OptionError(f"{step.spec.name} does not edit one picture, so a mask cannot limit it.")
    mask = opened(step.mask)[0]
    try:
        return weights_of(mask, original, step.masking.feather, inverted=step.masking.invert_mask)
    except ImageError as error:
        raise ImageError(f"{step.mask}: {error}") from None


def limited(result: Result, original: Frame, step: PlannedStep, weights: Weights) -> Result:
    """The result with the pixels of `original` where the weights (H, W) are 0; the note `edited` is the others' share."""
    frame = result.frame if result.frame is original else mixed(result.frame, original, weights)
    note = {**result.notes.get(step.label, {}), "edited": round(float((weights > 0).mean()), 4)}
    return replace(result, frame=frame, notes={**result.notes, step.label: note})
