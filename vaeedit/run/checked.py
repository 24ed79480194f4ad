"""The result of an operation, checked: what does not fit names the operation and its package."""

from collections.abc import Sequence
from dataclasses import replace

from vaeedit.image import Frame
from vaeedit.run.member import Member
from vaeedit.run.operation import Result


def finished(member: Member, edited: Sequence[Frame], original: Frame) -> Result:
    """The result that `after` makes of the decoded frames; raises ValueError or TypeError for one that is not valid."""
    if not edited:
        raise ValueError("`before` returned no frame")
    operation = member.operation
    if operation.is_identity and operation.wants_std:
        edited = [replace(frame, pixels=original.pixels) for frame in edited]
    result = operation.after(edited, [original])
    if not isinstance(result, Result):
        raise TypeError(f"`after` returned {result!r:.60}, not a Result")
    missing = member.step.maps - set(result.maps)
    if missing:
        raise ValueError(f"it returned no map {', '.join(sorted(missing))}")
    return result
