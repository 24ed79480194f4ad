"""Several edits of latents as one operation."""

from collections.abc import Sequence

from vaeedit.image import Frame
from vaeedit.options import Options
from vaeedit.run.member import Member, blamed
from vaeedit.run.operation import Edit, Inspect, Request, Result
from vaeedit.vae.edited import Edited, edited_again
from vaeedit.vae.latents import Latents


class Together(Edit[Options]):
    """Steps whose specs say `latent`, in order; the notes of the result are those of each step, by its label.

    Only their edits may change the image: raises PluginError where `before` or `after` of one does.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        super().__init__(Request(Options()))
        self.members = members

    @property
    def wants_std(self) -> bool:
        """Where one of them does."""
        return any(member.operation.wants_std for member in self.members)

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """As they are."""
        for member in self.members:
            with blamed(member.step):
                _require_same(member.operation.before(frames), frames, "before")
        return frames

    def edit(self, latents: Latents) -> Edited:
        """One after the other."""
        found: Edited = latents
        for member in self.members:
            with blamed(member.step):
                found = edited_again(found, member.edit)
        return found

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The image, and what every step notes."""
        notes = {}
        for member in self.members:
            with blamed(member.step):
                result = member.operation.after(frames, originals)
                _require_same([result.frame], frames, "after")
                notes[member.step.label] = result.notes
        return Result(frames[0], notes=notes)


class InspectingTogether(Inspect[Options], Together):
    """Some of the steps inspect: all of these the image that the first one gets."""

    def __init__(self, members: Sequence[Member]) -> None:
        super().__init__(members)
        self.owners: list[tuple[Member, int]] = []
        """Of every reference: whose it is, and its index there."""

    def references(self) -> Sequence[Frame]:
        """Those of all steps."""
        found: list[Frame] = []
        for member in self.members:
            if isinstance(member.operation, Inspect):
                with blamed(member.step):
                    own = member.operation.references()
                self.owners += [(member, index) for index in range(1, 1 + len(own))]
                found += own
        return found

    def gather(self, index: int, latents: Latents) -> None:
        """The image is for every step that inspects, a reference for the one that asked for it."""
        everyone = [(member, 0) for member in self.members]
        for member, own in [self.owners[index - 1]] if index else everyone:
            if isinstance(member.operation, Inspect):
                with blamed(member.step):
                    member.operation.gather(own, latents)


def together(members: Sequence[Member]) -> Together:
    """Two steps or more as one operation."""
    inspecting = any(isinstance(member.operation, Inspect) for member in members)
    return InspectingTogether(members) if inspecting else Together(members)


def _require_same(found: Sequence[Frame], given: Sequence[Frame], method: str) -> None:
    if len(found) != len(given) or any(a is not b for a, b in zip(found, given, strict=True)):
        raise TypeError(f"`{method}` may change no image in an operation whose spec says `latent`")
