"""Several edits of latents, combined into one operation."""

from collections.abc import Sequence
from typing import Any

from vaeedit.image import Frame
from vaeedit.options import Options
from vaeedit.run.member import Member, plugin_errors
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
            with plugin_errors(member.step):
                _require_same(member.operation.before(frames), frames, "before")
        return frames

    def edit(self, latents: Latents) -> Edited:
        """Apply all edits, one after the other."""
        edited: Edited = latents
        for member in self.members:
            with plugin_errors(member.step):
                edited = edited_again(edited, member.edit)
        return edited

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The image, and the notes and warnings of every step."""
        notes: dict[str, Any] = {}
        warnings: list[str] = []
        for member in self.members:
            with plugin_errors(member.step):
                result = member.operation.after(frames, originals)
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
                with plugin_errors(member.step):
                    own = member.operation.references()
                self.owners += [(member, index) for index in range(1, 1 + len(own))]
                references += own
        return references

    def gather(self, index: int, latents: Latents) -> None:
        """Pass the latents of the image to every operation that inspects, those of a reference to its owner."""
        everyone = [(member, 0) for member in self.members]
        for member, own in [self.owners[index - 1]] if index else everyone:
            if isinstance(member.operation, Inspect):
                with plugin_errors(member.step):
                    member.operation.gather(own, latents)


def combined(members: Sequence[Member]) -> Combined:
    """Combine two members or more into one operation."""
    inspecting = any(isinstance(member.operation, Inspect) for member in members)
    return CombinedInspect(members) if inspecting else Combined(members)


def _require_same(returned: Sequence[Frame], given: Sequence[Frame], method: str) -> None:
    if len(returned) != len(given) or any(a is not b for a, b in zip(returned, given, strict=True)):
        raise TypeError(f"`{method}` must not change an image, as the operation's spec declares `latent`")
