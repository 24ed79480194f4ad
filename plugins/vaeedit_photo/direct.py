"""`direct`: the latents of a picture move along a direction; only the change is decoded."""

import math
from collections.abc import Sequence
from dataclasses import replace

from vaeedit.api import Edit, Frame, Inspect, Latents, OptionError, Request, Result
from vaeedit_photo import DirectOptions
from vaeedit_photo.directions import Component, Direction, Examples, Named, moved
from vaeedit_photo.squares import shows_squares

SQUARES = "It shows squares of the latents; use an amount nearer to 0."
"""The warning, after the name of the picture."""


class Direct(Inspect[DirectOptions], Edit[DirectOptions]):
    """Moves the latents of a picture along the direction that the request names."""

    def __init__(self, request: Request[DirectOptions]) -> None:
        super().__init__(request)
        self.direction = _direction(request)
        self.frame: Frame
        self.rows = 0
        """Height of the grid of the coarsest latents."""

    @property
    def is_identity(self) -> bool:
        """True for amount 0."""
        return self.options.amount == 0

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """The frames, unchanged; the direction may need the picture."""
        self.frame = frames[0]
        return frames

    def references(self) -> Sequence[Frame]:
        """The pictures from which the direction is learned."""
        return self.direction.references(self.frame)

    def gather(self, index: int, latents: Latents) -> None:
        """Show a tile to the direction."""
        self.direction.see(index, latents)
        if index == 0:
            coarsest = latents.levels[0]
            self.rows = max(self.rows, coarsest.origin[0] + coarsest.mean.shape[2])

    def edit(self, latents: Latents) -> Latents:
        """Move every level."""
        amount = self.options.amount
        levels = [moved(self.direction, rank, level, amount) for rank, level in enumerate(latents.levels)]
        return replace(latents, levels=tuple(levels))

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The picture, notes about the direction, and a warning where the edit shows the grid of the latents."""
        period = 2 ** round(math.log2(originals[0].height / self.rows))
        squares = shows_squares(frames[0], originals[0], period)
        return Result(frames[0], notes=self.direction.notes(), warnings=(SQUARES,) if squares else ())


def _direction(request: Request[DirectOptions]) -> Direction:
    """The direction that the request names; raises OptionError if it names two."""
    along, toward, away = (
        request.options.along,
        request.extra_inputs.get("toward", ()),
        request.extra_inputs.get("away", ()),
    )
    if toward and along is not None:
        raise OptionError("--toward and --along both name a direction; leave one of them out.")
    if away and not toward:
        raise OptionError("--away needs --toward: it is the start of that direction.")
    if toward:
        return Examples(toward, away)
    return Component(along) if isinstance(along, int) else Named(along or "brightness")
