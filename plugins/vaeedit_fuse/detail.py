"""Infrared and exposure: details are fused in the latents, larger structures in a pyramid.

A coarse latent holds the mean of its place beside its structure, so a choice between pictures place by place would leave
visible steps. So the VAE encodes the pictures without their base (structures larger than `2^SCALES` pixels), on mid gray.
"""

from abc import abstractmethod
from collections.abc import Sequence

import cv2
import numpy as np
from torch import Tensor

from vaeedit.api import Frame, Gaussian, local_mean, luma
from vaeedit_fuse.arrays import Array, Map
from vaeedit_fuse.grids import to_grid
from vaeedit_fuse.pyramid import fused, mixed, split, strongest_detail, upsample
from vaeedit_fuse.rule import Rule, add_residual
from vaeedit_fuse.weights import Inherited, shares, vivid

SCALES = 3
"""Halvings down to the base, which has the stride of the coarsest latents."""
DEEP = 16
"""More halvings than any picture allows: all of its scales are fused."""
WHITE = 0.93
"""Luma above which a base of the visible picture begins to be white."""
NEAR = 31
"""Side in pixels of the surroundings of a place that would be lighter than white."""
RADII = (1, 2, 2)
"""Grid places on each side over which activity is averaged, from the coarsest level."""


class Detailed(Rule):
    """Fuses luma: details by the joined latents, and a base."""

    unchosen = False
    """True if the structure of pictures that are not chosen adds to the contrast."""
    softness = 1
    """Grid places on each side over which weights of the coarsest level are averaged."""

    def __init__(self, pictures: Sequence[Frame]) -> None:
        super().__init__(pictures)
        self.values = [luma(frame.floats())[..., None] for frame in pictures]
        parts = [split(x, SCALES) for x in self.values]
        self.details = [detail + np.float32(0.5) for detail, _ in parts]
        self.bases = [base for _, base in parts]

    def encoded(self) -> Sequence[Frame]:
        """The details on mid gray."""
        return [Frame(detail) for detail in self.details]

    def weights(self, rank: int, activities: Tensor) -> Tensor:
        """Weights (K, 1, h, w) by activity; those of the coarsest level are averaged, because steps would be visible."""
        chosen = self.chosen(local_mean(activities, RADII[min(rank, len(RADII) - 1)]))
        return local_mean(chosen, self.softness) if rank == 0 else chosen

    def joined(self, levels: Sequence[Gaussian], weights: Tensor) -> Gaussian:
        """The product of experts (1, C, h, w) with the contrast of the pictures, by weights (K, 1, h, w)."""
        return vivid(levels, weights, unchosen=self.unchosen)

    def fused_luma(self, joined: Array, decoded: Sequence[Array], shares: Sequence[Map]) -> Array:
        """Luma (H, W, 1) of the fused picture, about in [0, 1]."""
        detail = add_residual(joined, self.details, decoded, shares) - np.float32(0.5)
        return detail + upsample(self.base(), detail.shape, SCALES)

    @abstractmethod
    def chosen(self, activities: Tensor) -> Tensor:
        """Weights (K, 1, h, w) of a level by its averaged activities (K, 1, h, w); they sum to 1."""

    @abstractmethod
    def base(self) -> Array:
        """The base (h, w, 1) of the fused picture."""


class Infrared(Detailed):
    """Luma has the strongest detail at every scale; colors, and the tone of a white sky, are those of the first picture."""

    unchosen = True
    softness = 2

    def __init__(self, pictures: Sequence[Frame]) -> None:
        super().__init__(pictures)
        self._chosen = Inherited()
        self._base = self._fused_base()  # before the latents: `Inherited` goes from coarse to fine scales

    def chosen(self, activities: Tensor) -> Tensor:
        """1 for the picture with the strongest activity, 0 for the others, (K, 1, h, w)."""
        return self._chosen(activities)

    def base(self) -> Array:
        """The base (h, w, 1): the strongest detail at four scales, and a mean, weighted by the deviation from each mean."""
        return self._base

    def _fused_base(self) -> Array:
        scores = [np.abs(base - base.mean())[..., 0] + np.float32(1e-3) for base in self.bases]
        total = np.sum(scores, 0)
        return fused(self.bases, [score / total for score in scores], strongest_detail(self._chosen), 4)

    def finished(self, joined: Array, decoded: Sequence[Array], shares: Sequence[Sequence[Map]]) -> Frame:
        """The first picture with the fused luma, as far as the others have something to say."""
        change = below_white(self.fused_luma(joined, decoded, shares[-1])) - self.values[0]
        said = np.max([_said(self.bases[0], base) for base in self.bases[1:]], 0)
        return self.first.with_floats(self.first.floats() + upsample(said, change.shape, SCALES) * change)


def _said(visible: Array, infrared: Array) -> Array:
    """How far an infrared base (h, w, 1) has something to say, from 0 to 1.

    Nothing where it is cold and the visible picture is white: a sky would turn gray, embossed with branches.
    """
    white = np.clip((visible - WHITE) / (1 - WHITE), 0, 1)
    cold = 1 - np.clip((infrared - infrared.mean()) / (infrared.std() + np.float32(1e-6)), 0, 1)
    return np.asarray(1 - white * cold, np.float32)


def below_white(luma: Array) -> Array:
    """Luma (H, W, 1), darker around places above 1 by half of what is lost there, so that bright lines stand out."""
    square = (NEAR, NEAR)
    over = cv2.dilate(np.maximum(luma[..., 0] - 1, 0), np.ones(square))
    return luma - np.float32(0.5) * cv2.blur(over, square, borderType=cv2.BORDER_REFLECT)[..., None]


class Exposure(Detailed):
    """Details are weighted by activity and exposure, the base by exposure (Mertens, Kautz & Van Reeth 2009)."""

    def __init__(self, pictures: Sequence[Frame]) -> None:
        super().__init__(pictures)
        scores = np.stack([_exposure(frame.floats()) for frame in pictures])
        self.exposures: list[Map] = list(scores / scores.sum(0))

    def chosen(self, activities: Tensor) -> Tensor:
        """Weights (K, 1, h, w) by activity times the root of the exposure: edges of overexposed areas are not details."""
        peak = activities.amax(0, keepdim=True).clamp_min(1e-12)
        exposures = to_grid(self.exposures, activities)
        return shares(activities / peak * exposures.sqrt())

    def base(self) -> Array:
        """The bases fused at all scales, weighted by exposure: (h, w, 1)."""
        small = [split(each[..., None], SCALES)[1][..., 0] for each in self.exposures]
        total = np.sum(small, 0)
        return fused(self.bases, [each / total for each in small], mixed, DEEP)

    def finished(self, joined: Array, decoded: Sequence[Array], shares: Sequence[Sequence[Map]]) -> Frame:
        """The fused luma with the colors of all pictures, weighted by exposure at every scale."""
        chroma = [frame.floats() - gray for frame, gray in zip(self.pictures, self.values, strict=True)]
        colors = fused(chroma, self.exposures, mixed, DEEP)
        return self.first.with_floats(self.fused_luma(joined, decoded, shares[-1]) + colors)


def _exposure(x: Array) -> Map:
    """Quality of the exposure of (H, W, C) in [0, 1], as (H, W) above 0: near mid gray in every channel, and colorful."""
    near_gray: Map = np.exp(-np.square(x - 0.5) / (2 * 0.25**2)).prod(2)
    color = (x.std(2) + 1e-3) ** 0.3 if x.shape[2] == 3 else 1.0
    return np.asarray(near_gray * color + 1e-6, np.float32)
