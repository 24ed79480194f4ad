"""The base of the modes: which frames are encoded, how latents are weighted, how the picture is made."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from torch import Tensor

from vaeedit.api import Frame, Gaussian, product_of_experts
from vaeedit_fuse.arrays import Array, Map


class Rule(ABC):
    """One mode, for pictures of one size; the first is the edited one."""

    def __init__(self, pictures: Sequence[Frame]) -> None:
        self.pictures = pictures
        self.first = pictures[0]

    @abstractmethod
    def encoded(self) -> Sequence[Frame]:
        """The frames whose latents are joined, one for each picture."""

    @abstractmethod
    def weights(self, rank: int, activities: Tensor) -> Tensor:
        """Weights (K, 1, h, w) of a level, which sum to 1, from its activity (K, 1, h, w) in nats; rank 0 is the coarsest."""

    def joined(self, levels: Sequence[Gaussian], weights: Tensor) -> Gaussian:
        """One level (1, C, h, w) of the result from those of the pictures, by weights (K, 1, h, w)."""
        return product_of_experts(levels, weights)

    @abstractmethod
    def finished(self, joined: Array, decoded: Sequence[Array], shares: Sequence[Sequence[Map]]) -> Frame:
        """The fused picture.

        `joined` (H, W, C) in [0, 1] is the decoded join, `decoded` what every frame decodes to alone (nothing in mode focus),
        and `shares` are the weights (H, W) of every level at the pixels.
        """


def add_residual(
    joined: Array, sources: Sequence[Array], decoded: Sequence[Array], shares: Sequence[Map]
) -> Array:
    """The decoded join (H, W, C) plus each source's residual x - D(E(x)) by its share (H, W): equal pictures stay equal."""
    residuals = [w[..., None] * (x - y) for w, x, y in zip(shares, sources, decoded, strict=True)]
    restored: Array = joined + np.sum(residuals, 0)
    return restored
