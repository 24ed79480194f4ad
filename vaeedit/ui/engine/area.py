"""The part of a picture that a preview computes, and at which size."""

import math
from dataclasses import dataclass

from vaeedit.image import Frame
from vaeedit.ui.engine.rasters import Region
from vaeedit.ui.engine.speed import Speeds
from vaeedit.ui.engine.traits import Traits
from vaeedit.ui.engine.view import View

MARGIN = 32
"""Pixels around the region that are computed, too, because pixels at its border depend on them."""
ALIGNED = 64
"""A part begins at multiples of so many pixels: the grids of latents then lie as in the whole picture."""
SMALLEST = 192
"""Pixels of the shorter side of a picture that is shrunk; with fewer, a run hardly takes less time."""
STEP = 2**0.25
"""Factor between two sizes of shrunk pictures, so that few of them are kept."""


@dataclass(frozen=True)
class Area:
    """A box (left, top, right, bottom) in pixels of the picture at `width` x `height`."""

    box: tuple[int, int, int, int]
    width: int
    height: int
    scale: float = 1.0
    """The size of the picture as a share of its own one."""
    wanted: float = 1.0
    """The scale at which the result is as fine as the screen."""

    @classmethod
    def around(cls, region: Region, width: int, height: int, *, margin: int, aligned: int = 1) -> "Area":
        """The pixels of a region, and a margin."""
        left, top = (
            max(0, math.floor(share * side + 1e-6) - margin) // aligned * aligned
            for share, side in zip(region[:2], (width, height), strict=True)
        )
        right, bottom = (
            min(side, math.ceil(share * side - 1e-6) + margin)
            for share, side in zip(region[2:], (width, height), strict=True)
        )
        return cls((left, top, right, bottom), width, height)

    def within(self, region: Region) -> Region:
        """A region of the picture as shares of the box."""
        left, top, right, bottom = self.box
        across, down = right - left, bottom - top
        return (
            (region[0] * self.width - left) / across,
            (region[1] * self.height - top) / down,
            (region[2] * self.width - left) / across,
            (region[3] * self.height - top) / down,
        )


def area_for(view: View, whole: Frame, traits: Traits, speeds: Speeds) -> Area:
    """What a preview computes: the region if all steps are local, else the whole picture, shrunk as time demands."""
    across = view.region[2] - view.region[0]
    dense = view.width / (across * whole.width)
    wanted = 1.0 if traits.fixed else min(1.0, dense / speeds.of(traits.key).times)

    def at(scale: float) -> Area:
        width, height = (max(1, round(side * scale)) for side in (whole.width, whole.height))
        if not traits.local:
            return Area((0, 0, width, height), width, height, scale, wanted)
        aligned = ALIGNED if scale == 1 else 1
        found = Area.around(view.region, width, height, margin=MARGIN, aligned=aligned)
        return Area(found.box, width, height, scale, wanted)

    left, top, right, bottom = at(wanted).box
    pixels = (right - left) * (bottom - top)
    allowed = speeds.pixels(traits.key, pixels, view.finer)
    if traits.fixed or allowed >= pixels:
        return at(wanted)
    steps = math.ceil(math.log(pixels / allowed, STEP) / 2)
    smallest = min(wanted, SMALLEST / min(whole.width, whole.height))
    return at(max(smallest, wanted / STEP**steps))
