"""Blend: mix pictures evenly, or join them across a mask without a seam."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import Tensor

from vaeedit.api import Frame, local_mean
from vaeedit_fuse.arrays import Array, Map, blurred
from vaeedit_fuse.grids import to_grid
from vaeedit_fuse.rule import Rule, add_residual
from vaeedit_fuse.seam import continued, gradient_step

FEATHER = 16
"""Pixels outside the mask within which the first picture may change."""


class Even(Rule):
    """A product of experts in which the first picture weighs 1 - `alpha` and the others share `alpha`."""

    def __init__(self, pictures: Sequence[Frame], alpha: float) -> None:
        super().__init__(pictures)
        others = len(pictures) - 1
        self.shares = [1 - alpha, *[alpha / others] * others]

    def encoded(self) -> Sequence[Frame]:
        """The pictures, in full precision."""
        return [Frame(frame.floats()) for frame in self.pictures]

    def weights(self, rank: int, activities: Tensor) -> Tensor:
        """The same weights at every place, (K, 1, h, w)."""
        return torch.tensor(self.shares).to(activities)[:, None, None, None].expand_as(activities)

    def finished(self, joined: Array, decoded: Sequence[Array], shares: Sequence[Sequence[Map]]) -> Frame:
        """The decoded join plus the residuals."""
        return self.first.with_floats(
            add_residual(joined, [frame.floats() for frame in self.pictures], decoded, shares[-1])
        )


class Masked(Rule):
    """The other picture inside a mask: its brightness is adapted, latents are blended by level, gradients at the seam."""

    def __init__(self, pictures: Sequence[Frame], mask: Map) -> None:
        super().__init__(pictures)
        self.mask = mask
        self.inside = mask > 0.5
        self.near = _distance(~self.inside) <= FEATHER
        first, other = (frame.floats() for frame in pictures)
        around = self.near & ~self.inside
        self.sources = [first, other + continued(first - other, around)]

    def encoded(self) -> Sequence[Frame]:
        """The first picture, and the other one made as bright as its new surroundings."""
        return [Frame(np.ascontiguousarray(x, np.float32)) for x in self.sources]

    def weights(self, rank: int, activities: Tensor) -> Tensor:
        """The mask on the level's grid, blurred there: the transition is wider on coarser levels; (2, 1, h, w)."""
        other = local_mean(to_grid([self.mask], activities), 1)
        return torch.cat([1 - other, other])

    def finished(self, joined: Array, decoded: Sequence[Array], shares: Sequence[Sequence[Map]]) -> Frame:
        """The blended picture; farther than `FEATHER` from the mask it has the exact pixels of the first picture."""
        blended = add_residual(
            joined, self.sources, decoded, [blurred(1 - self.mask, 2), blurred(self.mask, 2)]
        )
        deep = _distance(self.inside) > FEATHER
        first, other = self.sources
        blended = np.where(deep[..., None], first + self.mask[..., None] * (other - first), blended)
        blended = np.where(self.near[..., None], blended, first)
        seam = self.near & ~deep
        return self.first.with_floats(gradient_step(blended, first, other, self.inside, seam))


def _distance(region: np.ndarray) -> Map:
    """Distance in pixels from each place of a region to its outside; infinite if the region is the whole picture."""
    if region.all():
        return np.full(region.shape, np.inf, np.float32)
    return np.asarray(cv2.distanceTransform(region.astype(np.uint8), cv2.DIST_L2, 5), np.float32)
