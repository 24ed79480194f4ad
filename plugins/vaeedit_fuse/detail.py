"""Infrared and exposure: details are fused in the latents, what is larger than a latent place in a pyramid.

A coarse latent holds the mean of its place beside its structure, and choosing between pictures by place would leave
steps. So the VAE sees the pictures without their base (everything larger than `2^SCALES` pixels) around mid gray.
"""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from torch import Tensor

from vaeedit.api import Frame, Gaussian, local_mean, luma
from vaeedit_fuse.arrays import Array, Map
from vaeedit_fuse.grids import to_grid
from vaeedit_fuse.pyramid import fused, mixed, split, strongest_detail, upsample
from vaeedit_fuse.rule import Rule, add_residual
from vaeedit_fuse.weights import Inherited, shares, vivid

SCALES = 3
"""Halvings down to the base: to the stride of the coarsest latents."""
DEEP = 16
"""Halvings beyond any picture's size."""
RADII = (1, 2, 2)
"""Grid places on either side over which activity is averaged, from the coarsest level."""


class Detailed(Rule):
    """Luma: details from the joined latents, and a base."""

    rest = False
    """Whether what pictures have that are not chosen counts for contrast."""
    softness = 1
    """Grid places on either side over which weights of the coarsest level are averaged."""

    def __init__(self, pictures: Sequence[Frame]) -> None:
        super().__init__(pictures)
        self.values = [luma(frame.floats())[..., None] for frame in pictures]
        parts = [split(x, SCALES) for x in self.values]
        self.details = [detail + np.float32(0.5) for detail, _ in parts]
        self.bases = [base for _, base in parts]

    def encoded(self) -> Sequence[Frame]:
        """The details around mid gray."""
        return [Frame(detail) for detail in self.details]

    def weights(self, rank: int, activities: Tensor) -> Tensor:
        """By activity; at the coarsest level soft between pictures, where steps would show."""
        found = self.chosen(local_mean(activities, RADII[min(rank, len(RADII) - 1)]))
        return local_mean(found, self.softness) if rank == 0 else found

    def joined(self, levels: Sequence[Gaussian], weights: Tensor) -> Gaussian:
        """With the contrast that the pictures have."""
        return vivid(levels, weights, rest=self.rest)

    def together(self, joined: Array, decoded: Sequence[Array], shares: Sequence[Map]) -> Array:
        """Luma (H, W, 1)."""
        detail = add_residual(joined, self.details, decoded, shares) - np.float32(0.5)
        return detail + upsample(self.base(), detail.shape, SCALES)

    @abstractmethod
    def chosen(self, activities: Tensor) -> Tensor:
        """Weights of a level by its averaged activities, (K, 1, h, w)."""

    @abstractmethod
    def base(self) -> Array:
        """Of the fused picture."""


class Infrared(Detailed):
    """Luma: the strongest detail at every scale; color: that of the first picture."""

    rest = True
    softness = 2

    def __init__(self, pictures: Sequence[Frame]) -> None:
        super().__init__(pictures)
        self._chosen = Inherited()
        self._base = self._fused_base()  # its scales come before those of the latents

    def chosen(self, activities: Tensor) -> Tensor:
        """The strongest."""
        return self._chosen(activities)

    def base(self) -> Array:
        """The strongest of four scales more; of what is left the mean, by how far it is from the picture's own."""
        return self._base

    def _fused_base(self) -> Array:
        scores = [np.abs(base - base.mean())[..., 0] + np.float32(1e-3) for base in self.bases]
        total = np.sum(scores, 0)
        return fused(self.bases, [score / total for score in scores], strongest_detail(self._chosen), 4)

    def finished(self, joined: Array, decoded: Sequence[Array], shares: Sequence[Sequence[Map]]) -> Frame:
        """The first picture with the fused luma."""
        change = self.together(joined, decoded, shares[-1]) - self.values[0]
        return self.first.with_floats(self.first.floats() + change)


class Exposure(Detailed):
    """Details by activity and exposure; the base by exposure (after Mertens, Kautz & Van Reeth 2009)."""

    def __init__(self, pictures: Sequence[Frame]) -> None:
        super().__init__(pictures)
        scores = np.stack([_exposure(frame.floats()) for frame in pictures])
        self.exposures: list[Map] = list(scores / scores.sum(0))

    def chosen(self, activities: Tensor) -> Tensor:
        """Activity times the root of the exposure: the edges of what is burnt out are not details."""
        peak = activities.amax(0, keepdim=True).clamp_min(1e-12)
        exposures = to_grid(self.exposures, activities)
        return shares(activities / peak * exposures.sqrt())

    def base(self) -> Array:
        """All scales by exposure."""
        small = [split(each[..., None], SCALES)[1][..., 0] for each in self.exposures]
        total = np.sum(small, 0)
        return fused(self.bases, [each / total for each in small], mixed, DEEP)

    def finished(self, joined: Array, decoded: Sequence[Array], shares: Sequence[Sequence[Map]]) -> Frame:
        """Luma with the colors of all, by exposure at every scale."""
        chroma = [frame.floats() - gray for frame, gray in zip(self.pictures, self.values, strict=True)]
        colors = fused(chroma, self.exposures, mixed, DEEP)
        return self.first.with_floats(self.together(joined, decoded, shares[-1]) + colors)


def _exposure(x: Array) -> Map:
    """How well a place is exposed: near mid gray in every channel, and colored; (H, W) above 0."""
    near_gray: Map = np.exp(-np.square(x - 0.5) / (2 * 0.25**2)).prod(2)
    color = (x.std(2) + 1e-3) ** 0.3 if x.shape[2] == 3 else 1.0
    found: Map = (near_gray * color + 1e-6).astype(np.float32)
    return found
