"""Texture: the distance of the local structure at each place of a picture from that of normal pictures.

Local structure is described by derivatives of Gaussians (the local jet, Koenderink & van Doorn 1987) at four scales. Changes
of whole pictures, such as light and position, are removed as principal components. The remainder at each place is modeled by
a Gaussian, as in PaDiM (Defard et al. 2021), which uses features of a network trained on other pictures.
"""

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vaeedit_anomaly.places import Map

TEXTURE = "texture"
"""Name of this anomaly map."""
GRID = 32
"""Number of places along each side."""
SCALES = (1.0, 2.0, 4.0, 8.0)
"""Standard deviations of the Gaussians, in pixels of the working size."""
CHANNELS = 9 * len(SCALES) + 1
COMPONENTS = 64
"""Most principal components of whole pictures; there are at most a third as many as pictures."""
PRIOR = 2
"""Weight of the mean covariance of all places in that of one place, as a number of pictures."""


def jets(observed: Tensor) -> Map:
    """Descriptions, float32 (GRID, GRID, CHANNELS), of a picture (1, C, H, W) in [0, 1].

    They are log energies of derivatives, slopes and curvature of the log of the mean of its channels.
    """
    light = np.log(observed[0].float().mean(0).cpu().numpy() + 0.05)
    channels = [cv2.GaussianBlur(light, (0, 0), 4.0)]
    for scale in SCALES:
        soft = cv2.GaussianBlur(light, (0, 0), scale)
        orders = ((1, 0), (0, 1), (2, 0), (0, 2), (1, 1))
        x, y, xx, yy, xy = (cv2.Sobel(soft, -1, *order) * scale ** sum(order) / 4 for order in orders)
        dark, bright = np.maximum(xx + yy, 0), np.maximum(-xx - yy, 0)
        energies = (np.abs(derivative) for derivative in (x, y, xy, xx - yy, dark, bright))
        channels += [np.log(cv2.GaussianBlur(energy, (0, 0), max(scale, 2.0)) + 1e-3) for energy in energies]
        channels += [x, y, xx + yy]
    cells = [cv2.resize(channel, (GRID, GRID), interpolation=cv2.INTER_AREA) for channel in channels]
    return np.stack(cells, -1).astype(np.float32)


class Texture(nn.Module):
    """A Gaussian at each place, after `components` principal components of whole pictures are removed; with 0 it is empty."""

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
        """True if it has learned from pictures."""
        return len(self.basis) > 0

    def forward(self, observed: Tensor) -> Tensor:
        """Mahalanobis distance (1, 1, H, W) of each place of a whole picture (1, C, H, W) in [0, 1]."""
        values = torch.from_numpy(jets(observed)).to(self.mean) / self.unit
        remainder = self._remainder(values.reshape(1, -1)).view(-1, CHANNELS, 1)
        distance = (self.whitening @ remainder).square().sum((1, 2)).sqrt().view(1, 1, GRID, GRID)
        return F.interpolate(distance, size=observed.shape[2:], mode="bilinear", align_corners=False)

    def fill(self, descriptions: list[Map]) -> None:
        """Learn from the `jets` (GRID, GRID, CHANNELS) of normal pictures; at least two."""
        values = torch.from_numpy(np.stack(descriptions))
        count = len(values)
        self.unit = _stored(values.std((0, 1, 2)).clamp_min(1e-3))
        flat = (values / self.unit).view(count, -1)
        self.mean = _stored(flat.mean(0))
        components = max(1, min(COMPONENTS, count // 3))
        self.basis = _stored(torch.linalg.svd(flat - self.mean, full_matrices=False).Vh[:components])
        remainder = self._remainder(flat).view(count, -1, CHANNELS).movedim(0, 1)
        here = remainder.mT @ remainder
        everywhere = here.mean(0) / count + 1e-4 * torch.eye(CHANNELS)
        covariance = (here + PRIOR * everywhere) / (count + PRIOR)
        self.whitening = _stored(torch.linalg.inv(torch.linalg.cholesky(covariance)))

    def _remainder(self, flat: Tensor) -> Tensor:
        """Descriptions of pictures (N, GRID * GRID * CHANNELS) without the principal components."""
        centered = flat - self.mean
        return centered - centered @ self.basis.T @ self.basis


def _stored(x: Tensor) -> Tensor:
    """Rounded as in a file of 16 bits, so that calibration uses the same numbers as scoring."""
    return x.contiguous().half().float()
