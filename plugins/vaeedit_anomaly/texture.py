"""Texture: how far the local structure at every place of a picture is from that of normal pictures.

It is what derivatives of Gaussians see (the local jet, Koenderink & van Doorn 1987) at four scales. What varies in
whole normal pictures, as light and position do, is a few principal components and set aside; what is left at a place has a
Gaussian there, as in PaDiM (Defard et al. 2021), whose features come from a network trained on other pictures.
"""

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vaeedit_anomaly.places import Map

TEXTURE = "texture"
"""Its name among the anomaly maps."""
GRID = 32
"""Places along each side."""
SCALES = (1.0, 2.0, 4.0, 8.0)
"""Standard deviations of the Gaussians, in pixels of the working size."""
CHANNELS = 9 * len(SCALES) + 1
COMPONENTS = 64
"""Of whole pictures, at most; and at most a third as many as there are pictures."""
PRIOR = 2
"""Pictures that the covariance of all places together counts for at each."""


def jets(observed: Tensor) -> Map:
    """Log energies of derivatives, slopes and curvature of the log of a picture (1, C, H, W) in [0, 1].

    Of the mean of its channels; float32 (GRID, GRID, CHANNELS).
    """
    light = np.log(observed[0].float().mean(0).cpu().numpy() + 0.05)
    found = [cv2.GaussianBlur(light, (0, 0), 4.0)]
    for scale in SCALES:
        soft = cv2.GaussianBlur(light, (0, 0), scale)
        orders = ((1, 0), (0, 1), (2, 0), (0, 2), (1, 1))
        x, y, xx, yy, xy = (cv2.Sobel(soft, -1, *order) * scale ** sum(order) / 4 for order in orders)
        dark, bright = np.maximum(xx + yy, 0), np.maximum(-xx - yy, 0)
        energies = (np.abs(one) for one in (x, y, xy, xx - yy, dark, bright))
        found += [np.log(cv2.GaussianBlur(one, (0, 0), max(scale, 2.0)) + 1e-3) for one in energies]
        found += [x, y, xx + yy]
    cells = [cv2.resize(one, (GRID, GRID), interpolation=cv2.INTER_AREA) for one in found]
    return np.stack(cells, -1).astype(np.float32)


class Texture(nn.Module):
    """A Gaussian at each place, around `components` variations of whole pictures; with none of these it is empty."""

    mean: Tensor
    basis: Tensor
    unit: Tensor
    whitening: Tensor

    def __init__(self, components: int = 0) -> None:
        super().__init__()
        grid = GRID * GRID if components else 0
        self.register_buffer("mean", torch.zeros(grid * CHANNELS))
        self.register_buffer("unit", torch.ones(CHANNELS if components else 0))
        self.register_buffer("basis", torch.zeros(components, grid * CHANNELS))
        self.register_buffer("whitening", torch.zeros(grid, CHANNELS, CHANNELS))

    @property
    def filled(self) -> bool:
        """Whether there is anything to compare with."""
        return len(self.basis) > 0

    def forward(self, observed: Tensor) -> Tensor:
        """Mahalanobis distance of each place of a whole picture (1, C, H, W), as (1, 1, H, W)."""
        seen = torch.from_numpy(jets(observed)).to(self.mean) / self.unit
        left = self._left(seen.reshape(1, -1)).view(-1, CHANNELS, 1)
        distance = (self.whitening @ left).square().sum((1, 2)).sqrt().view(1, 1, GRID, GRID)
        return F.interpolate(distance, size=observed.shape[2:], mode="bilinear", align_corners=False)

    def fill(self, seen: list[Map]) -> None:
        """Learn from the `jets` of normal pictures; at least two."""
        values = torch.from_numpy(np.stack(seen))
        count = len(values)
        self.unit = _stored(values.std((0, 1, 2)).clamp_min(1e-3))
        flat = (values / self.unit).view(count, -1)
        self.mean = _stored(flat.mean(0))
        components = max(1, min(COMPONENTS, count // 3))
        self.basis = _stored(torch.linalg.svd(flat - self.mean, full_matrices=False).Vh[:components])
        left = self._left(flat).view(count, -1, CHANNELS).movedim(0, 1)
        here = left.mT @ left
        everywhere = here.mean(0) / count + 1e-4 * torch.eye(CHANNELS)
        covariance = (here + PRIOR * everywhere) / (count + PRIOR)
        self.whitening = _stored(torch.linalg.inv(torch.linalg.cholesky(covariance)))

    def _left(self, flat: Tensor) -> Tensor:
        """What the components do not explain of pictures (N, GRID * GRID * CHANNELS)."""
        centered = flat - self.mean
        return centered - centered @ self.basis.T @ self.basis


def _stored(x: Tensor) -> Tensor:
    """As a file of 16 bits gives it back, so that calibration sees what scoring will."""
    return x.contiguous().half().float()
