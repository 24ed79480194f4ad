"""Finds the layout of normal pictures: whether each place always shows the same part.

Two textures are compared, one with a Gaussian at each place and one with a single Gaussian. Neither has seen the held-out
pictures. The one whose distances find more of the synthetic defects in held-out pictures serves better. If that is the single
one, or if places explain next to nothing, pictures with different parts are free, and the others are textures.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vaeedit_anomaly.jets import GRID
from vaeedit_anomaly.judging import Copies
from vaeedit_anomaly.layouts import Layout
from vaeedit_anomaly.metrics import counted
from vaeedit_anomaly.places import Map, Places, cells
from vaeedit_anomaly.texture import Texture

LABELED = 0.2
"""Mean label of a place that counts as a defect."""
PLACES = 0.05
"""Smallest share of the variation that places explain in aligned pictures; below it, one Gaussian serves all places."""
PARTS = 0.15
"""Share of the variation inside pictures that lies between their parts; above it, the parts differ."""
PART = 16
"""Places along each side of a part."""


@dataclass(frozen=True)
class Explained:
    """What was measured on held-out pictures."""

    by_place: float
    """Share of the variation of local structure that the mean of its place explains."""
    by_part: float
    """Share of the variation inside a picture that lies between its parts."""
    aligned: float
    """Average precision of synthetic defects under a Gaussian at each place."""
    alike: float
    """The same under one Gaussian."""

    @property
    def layout(self) -> Layout:
        """The layout that serves best."""
        if self.by_place > PLACES and self.aligned >= self.alike:
            return "aligned"
        return "free" if self.by_part > PARTS else "texture"

    def sentence(self) -> str:
        """What was found, for the user."""
        return (
            f"Layout: {self.layout}. Places explain {self.by_place:.0%} of the variation of held-out images; differences "
            f"between parts are {self.by_part:.0%} of that inside images. Synthetic defects are found with an average "
            f"precision of {self.aligned:.2f} by places, and of {self.alike:.2f} without."
        )


def explained(learned: Map, held_out: Map, copies: Copies, new: Callable[[Layout], Texture]) -> Explained:
    """What the `jets` (N, GRID, GRID, width) of learned pictures explain of held-out ones, and of damaged copies of these.

    `new` makes an empty texture with a layout.
    """
    values = np.asarray(learned, np.float32)
    unit = values.std((0, 1, 2)) + 1e-3
    places, middle = values.mean(0), values.mean((0, 1, 2))
    seen = np.asarray(held_out, np.float32)
    inside = (seen - seen.mean((1, 2), keepdims=True)) / unit
    side = GRID // PART
    parts = inside.reshape(len(inside), side, PART, side, PART, -1).mean((2, 4))
    return Explained(
        by_place=1 - _power((seen - places) / unit) / _power((seen - middle) / unit),
        by_part=_power(parts) / _power(inside),
        aligned=_precision(new("aligned"), values, seen, copies),
        alike=_precision(new("texture"), values, seen, copies),
    )


def _power(x: Map) -> float:
    return float(np.square(x).mean())


def _precision(texture: Texture, learned: Map, held_out: Map, copies: Copies) -> float:
    """Average precision of the distances, relative to those of held-out pictures at the same place if places are aligned."""
    texture.fill(learned)
    normal, damaged = (texture.distances(some) for some in (held_out, copies.descriptions))
    if texture.layout == "aligned":
        grids = [cells(distances) for distances in normal]
        others = [Places.of(grids[:index] + grids[index + 1 :]) for index in copies.sources]
        damaged = np.stack([usual.standardized(one) for usual, one in zip(others, damaged, strict=True)])
    return counted(damaged, copies.labels > LABELED).figures()["ap"]
