"""`direct`: the latents of a picture move along a direction; only what that changes is decoded."""

from collections.abc import Sequence
from dataclasses import replace

from vaeedit.api import Edit, Frame, Inspect, Latents, OptionError, Request, Result
from vaeedit_photo import DirectOptions
from vaeedit_photo.directions import Component, Direction, Examples, Named, moved


class Direct(Inspect[DirectOptions], Edit[DirectOptions]):
    """The picture with more or less of something."""

    def __init__(self, request: Request[DirectOptions]) -> None:
        super().__init__(request)
        self.direction = _direction(request)
        self.frame: Frame

    @property
    def is_identity(self) -> bool:
        """At amount 0."""
        return self.options.amount == 0

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """As they are."""
        self.frame = frames[0]
        return frames

    def references(self) -> Sequence[Frame]:
        """What the direction is learned from."""
        return self.direction.references(self.frame)

    def gather(self, index: int, latents: Latents) -> None:
        """For the direction."""
        self.direction.see(index, latents)

    def edit(self, latents: Latents) -> Latents:
        """Every level moves."""
        amount = self.options.amount
        levels = [moved(self.direction, rank, level, amount) for rank, level in enumerate(latents.levels)]
        return replace(latents, levels=tuple(levels))

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The picture, and what the direction was."""
        return Result(frames[0], notes=self.direction.notes())


def _direction(request: Request[DirectOptions]) -> Direction:
    """What the request asks for; raises OptionError where it asks for two things at once."""
    along, toward, away = (
        request.options.along,
        request.extra_inputs.get("toward", ()),
        request.extra_inputs.get("away", ()),
    )
    if toward and along is not None:
        raise OptionError("--toward and --along are two ways to say where to go; leave one out.")
    if away and not toward:
        raise OptionError("--away needs --toward: it says where that direction begins.")
    if toward:
        return Examples(toward, away)
    return Component(along) if isinstance(along, int) else Named(along or "brightness")
