"""Texture: how the local structure at each place of a picture deviates from that of normal pictures.

Changes of whole pictures, such as light and position, are removed as principal components. The remainder at each place is
whitened by a Gaussian, as in PaDiM (Defard et al. 2021), which uses features of a network trained on other pictures. The
length of what is left is the Mahalanobis distance; a `Judge` learns which deviations are those of defects.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vaeedit_anomaly.jets import GRID, channels_of, jets
from vaeedit_anomaly.judge import Judge
from vaeedit_anomaly.layouts import Layout
from vaeedit_anomaly.places import Map

TEXTURE = "texture"
"""Name of the map of Mahalanobis distances."""
JUDGE = "judge"
"""Name of the map of the judge's log-odds."""
BLOCK = 2
"""Places along each side that share a covariance; principal components are those of the means of such blocks."""
COMPONENTS = 64
"""Most principal components of whole pictures; there are at most a third as many as pictures."""
PRIOR = 2
"""Weight of the mean covariance of all places in that of one block, as a number of pictures."""


class Texture(nn.Module):
    """A Gaussian of descriptions, and a judge of what deviates from it.

    Where normal pictures are "aligned", each place has a mean, and each block of places a covariance, after `components`
    principal components of whole pictures are removed. Otherwise one Gaussian serves all places. With 0 `components` and
    "aligned" it is empty.
    """

    mean: Tensor
    basis: Tensor
    unit: Tensor
    whitening: Tensor

    def __init__(
        self, channels: int, components: int = 0, layout: Layout = "aligned", judge: int = 0
    ) -> None:
        super().__init__()
        self.layout, width = layout, channels_of(channels)
        places = (GRID if components else 0) if layout == "aligned" else 1
        blocks = -(-places // BLOCK)
        self.register_buffer("mean", torch.zeros(places, places, width))
        self.register_buffer("unit", torch.ones(width))
        self.register_buffer("basis", torch.zeros(components, blocks * blocks * width))
        self.register_buffer("whitening", torch.zeros(blocks * blocks, width, width))
        self.judge = Judge(width, judge)

    @property
    def filled(self) -> bool:
        """True if it has learned from pictures."""
        return len(self.whitening) > 0

    def forward(self, observed: Tensor) -> dict[str, Tensor]:
        """Maps (1, 1, H, W) of a picture (1, C, H, W) in [0, 1] by name: distances, and log-odds of a filled judge."""
        deviations = self.deviations(jets(observed)[None])
        grids = {TEXTURE: _lengths(deviations)}
        if self.judge.filled:
            grids[JUDGE] = self.judge(deviations)
        size = (observed.shape[2], observed.shape[3])
        return {
            name: F.interpolate(grid, size=size, mode="bilinear", align_corners=False)
            for name, grid in grids.items()
        }

    def fill(self, descriptions: Map) -> None:
        """Learn from the `jets` (N, GRID, GRID, channels) of normal pictures; at least two."""
        values = torch.from_numpy(np.asarray(descriptions, np.float32))
        count, width = len(values), values.shape[-1]
        self.unit = stored(values.std((0, 1, 2)).clamp_min(1e-3))
        values = values / self.unit
        if self.layout != "aligned":
            flat = values.view(-1, width)
            self.mean = stored(flat.mean(0).view(1, 1, width))
            self.whitening = stored(_whitening(torch.cov(flat.T)[None]))
            return
        self.mean = stored(values.mean(0))
        components = max(1, min(COMPONENTS, count // 3))
        means = _blocks(values - self.mean).mean(-2).movedim(1, 0).reshape(count, -1)
        self.basis = stored(torch.linalg.svd(means, full_matrices=False).Vh[:components])
        remainder = self._remainder(values).flatten(1, 2)
        here = remainder.mT @ remainder / BLOCK**2
        self.whitening = stored(_whitening((here + PRIOR * here.mean(0) / count) / (count + PRIOR)))

    def deviations(self, descriptions: Map) -> Tensor:
        """Whitened deviations, (N, channels, GRID, GRID), of the `jets` (N, GRID, GRID, channels) of pictures."""
        values = torch.from_numpy(np.asarray(descriptions, np.float32)).to(self.mean) / self.unit
        if self.layout != "aligned":
            return ((values - self.mean) @ self.whitening[0].T).movedim(-1, 1)
        remainder = self._remainder(values)
        white = remainder.flatten(1, 2) @ self.whitening.mT
        return _from_blocks(white.view_as(remainder)).movedim(-1, 1)

    def distances(self, descriptions: Map) -> Map:
        """Mahalanobis distances, float32 (N, GRID, GRID), of the `jets` (N, GRID, GRID, channels) of pictures."""
        parts = [_lengths(self.deviations(some[None])) for some in descriptions]
        return np.asarray(torch.cat(parts)[:, 0].cpu().numpy(), np.float32)

    def _remainder(self, values: Tensor) -> Tensor:
        """Descriptions (N, GRID, GRID, channels) without the principal components, as blocks."""
        blocks = _blocks(values - self.mean)
        means = blocks.mean(-2).movedim(1, 0).flatten(1)
        common = (means @ self.basis.T @ self.basis).view(len(values), len(blocks), 1, -1)
        return blocks - common.movedim(0, 1)


def _lengths(deviations: Tensor) -> Tensor:
    """(N, channels, GRID, GRID) -> (N, 1, GRID, GRID)."""
    lengths: Tensor = deviations.square().sum(1, keepdim=True).sqrt()
    return lengths


def _blocks(values: Tensor) -> Tensor:
    """(N, GRID, GRID, channels) -> (blocks, N, BLOCK * BLOCK, channels)."""
    side = GRID // BLOCK
    split = values.view(len(values), side, BLOCK, side, BLOCK, -1).permute(1, 3, 0, 2, 4, 5)
    return split.reshape(side * side, len(values), BLOCK * BLOCK, -1)


def _from_blocks(blocks: Tensor) -> Tensor:
    """The inverse of `_blocks`."""
    side = GRID // BLOCK
    split = blocks.view(side, side, blocks.shape[1], BLOCK, BLOCK, -1).permute(2, 0, 3, 1, 4, 5)
    return split.reshape(blocks.shape[1], GRID, GRID, -1)


def _whitening(covariance: Tensor) -> Tensor:
    """Matrices (K, channels, channels) that make vectors with these covariances white."""
    ridge = 1e-4 * torch.eye(covariance.shape[-1])
    white: Tensor = torch.linalg.inv(torch.linalg.cholesky(covariance + ridge))
    return white


def stored(x: Tensor) -> Tensor:
    """Rounded as in a file of 16 bits, so that calibration uses the same numbers as scoring."""
    return x.contiguous().half().float()
