"""What the modes have in common: which frames are encoded, how latents are weighted, how the picture is put together."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from torch import Tensor

from vaeedit.api import Frame, Gaussian, product_of_experts
from vaeedit_fuse.arrays import Array, Map


class Rule(ABC):
    """One mode, for pictures of one size; the first is the one that is edited."""

    def __init__(self, pictures: Sequence[Frame]) -> None:
        self.pictures = pictures
        self.first = pictures[0]

    @abstractmethod
    def encoded(self) -> Sequence[Frame]:
        """The frames whose latents are joined, one a picture."""

    @abstractmethod
    def weights(self, rank: int, activities: Tensor) -> Tensor:
        """Weights (K, 1, h, w) of a level, 0 the coarsest, from whole maps of its activity (K, 1, h, w); they sum to 1."""

    def joined(self, levels: Sequence[Gaussian], weights: Tensor) -> Gaussian:
        """One level of the pictures by its weights (K, 1, h, w)."""
        return product_of_experts(levels, weights)

    @abstractmethod
    def finished(self, joined: Array, decoded: Sequence[Array], shares: Sequence[Sequence[Map]]) -> Frame:
        """The picture: from the decoded join, what every frame alone decodes to, and each level's weights at pixels."""


def add_residual(
    joined: Array, sources: Sequence[Array], decoded: Sequence[Array], shares: Sequence[Map]
) -> Array:
    """The decoded join with what the VAE loses of each source, by its share: pictures that agree come back unchanged."""
    lost = [w[..., None] * (x - y) for w, x, y in zip(shares, sources, decoded, strict=True)]
    found: Array = joined + np.sum(lost, 0)
    return found
