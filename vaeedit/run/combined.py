"""Several edits of latents, combined into one operation."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from vaeedit.extension.faults import Fault, plugin_errors
from vaeedit.image import Frame
from vaeedit.options import Options
from vaeedit.run.checked import finished
from vaeedit.run.guarded import guarded
from vaeedit.run.member import Member
from vaeedit.run.operation import Edit, Inspect, Request, Result
from vaeedit.vae.edited import Edited, edited_again
from vaeedit.vae.latents import Latents


class Combined(Edit[Options]):
    """The operations of steps whose specs declare `latent`, in order; the notes of the result are by the steps' labels.

    Only their edits may change the image: raises PluginError where `before` or `after` of one does.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        super().__init__(Request(Options()))
        self.members = members

    @property
    def wants_std(self) -> bool:
        """True if an operation does."""
        return any(member.operation.wants_std for member in self.members)

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """Check that no operation changes the frames, and return them."""
        for member in self.members:
            with plugin_errors(member.title):
                _require_same(member.operation.before(frames), frames, "before")
        return frames

    def edit(self, latents: Latents) -> Edited:
        """Apply all edits that change something, one after the other."""
        edited: Edited = latents
        for member in [one for one in self.members if not one.is_identity] or self.members[:1]:
            assert isinstance(member.operation, Edit)
            with plugin_errors(member.title):
                edited = edited_again(edited, partial(guarded, member.title, member.operation.edit))
        return edited

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The image, and the notes and warnings of every step."""
        notes: dict[str, Any] = {}
        warnings: list[str] = []
        for member in self.members:
            result = finished(member, frames, originals[0])
            with plugin_errors(member.title):
                _require_same([result.frame], frames, "after")
            notes[member.step.label] = result.notes
            warnings += result.warnings
        return Result(frames[0], notes=notes, warnings=tuple(warnings))


class CombinedInspect(Inspect[Options], Combined):
    """The same, where some of the operations inspect: all of them inspect the image before the first edit."""

    def __init__(self, members: Sequence[Member]) -> None:
        super().__init__(members)
        self.owners: list[tuple[Member, int]] = []
        """For each reference, the member that asked for it and its index among the frames of that member."""

    def references(self) -> Sequence[Frame]:
        """The references of all operations."""
        references: list[Frame] = []
        for member in self.members:
            if isinstance(member.operation, Inspect):
                with plugin_errors(member.title):
                    own = member.operation.references()
                self.owners += [(member, index) for index in range(1, 1 + len(own))]
                references += own
        return references

    def gather(self, index: int, latents: Latents) -> None:
        """Pass the latents of the image to every operation that inspects, those of a reference to its owner."""
        everyone = [(member, 0) for member in self.members]
        for member, own in [self.owners[index - 1]] if index else everyone:
            if isinstance(member.operation, Inspect):
                with plugin_errors(member.title):
                    member.operation.gather(own, latents)


def combined(members: Sequence[Member]) -> Member:
    """Combine two members or more into one."""
    inspecting = any(isinstance(member.operation, Inspect) for member in members)
    operation = CombinedInspect(members) if inspecting else Combined(members)
    title = " or ".join(member.title for member in members).replace(" or The", " or the")
    return Member(members[0].step, operation, title, all(member.is_identity for member in members))


def _require_same(returned: Sequence[Frame], given: Sequence[Frame], method: str) -> None:
    if len(returned) != len(given) or any(a is not b for a, b in zip(returned, given, strict=True)):
        raise Fault(f"changes the image in `{method}`; its spec declares `latent`, so only `edit` may.")
