"""The work: all pictures get the size of the first, and their latents are averaged."""

from collections.abc import Sequence

from double_exposure import ExposureOptions
from vaeedit.api import Frame, Join, Latents, like


class DoubleExposure(Join[ExposureOptions]):
    """A weighted mean of latents; all pictures but the first have the same weight."""

    @property
    def is_identity(self) -> bool:
        """True where only the first picture counts."""
        return self.options.share == 1

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """A `Join` needs pictures of one size and kind: the others become like the first."""
        (first,) = frames
        return [first, *(like(other, first) for other in self.request.extra_inputs["other"])]

    def join(self, latents: Sequence[Latents]) -> Latents:
        """Called for each tile, with the latents of all pictures there."""
        first, *others = latents
        mean = others[0].mean()
        for count, other in enumerate(others[1:], 2):
            mean = mean.lerp(other, 1 / count)  # the mean of the first `count`
        return mean.lerp(first, self.options.share)
