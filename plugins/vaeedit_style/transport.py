"""Optimal transport between Gaussians, in closed form (Bures, Wasserstein)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

SHRINK = 1e-3
"""Share of the mean variance that is added to every variance: directions with none in them cannot be stretched."""
ROUNDS = 30
"""Iterations of the barycentre; it converges in a handful."""


@dataclass(frozen=True)
class Normal:
    """Mean (C,) and covariance (C, C), in double precision."""

    mean: Tensor
    covariance: Tensor


class Moments:
    """Mean and covariance over the grid positions of any number of tiles (1, C, h, w)."""

    def __init__(self) -> None:
        self.count = 0
        self.sum: Tensor | float = 0.0
        self.products: Tensor | float = 0.0

    def add(self, z: Tensor) -> None:
        """Count in a tile."""
        values = z.double().flatten(2)[0]
        self.count += values.shape[1]
        self.sum = self.sum + values.sum(1)
        self.products = self.products + values @ values.T

    def normal(self) -> Normal:
        """What was seen so far, with its covariance shrunk a little."""
        mean = torch.as_tensor(self.sum) / self.count
        covariance = torch.as_tensor(self.products) / self.count - torch.outer(mean, mean)
        size = len(mean)
        floor = SHRINK * covariance.trace() / size + 1e-12
        return Normal(mean, covariance + floor * torch.eye(size, dtype=mean.dtype, device=mean.device))


def root(matrix: Tensor) -> Tensor:
    """Square root of a symmetric positive semi-definite matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values.clamp_min(0).sqrt()) @ vectors.mT


def monge_map(source: Normal, target: Normal) -> Tensor:
    """The matrix T of the optimal map x -> T (x - m) + n (Peyre & Cuturi 2019, remark 2.31).

    T = C^-1/2 (C^1/2 S C^1/2)^1/2 C^-1/2, the least displacement that gives x the covariance S.
    """
    half = root(source.covariance)
    inverse = torch.linalg.inv(half)
    return inverse @ root(half @ target.covariance @ half) @ inverse


def barycentre(normals: Sequence[Normal], weights: Sequence[float]) -> Normal:
    """The Gaussian nearest to several ones (Agueh & Carlier 2011), by the fixed point of Alvarez-Esteban et al. 2016."""
    total = sum(weights)
    shares = [weight / total for weight in weights]
    mean = torch.stack([share * normal.mean for share, normal in zip(shares, normals, strict=True)]).sum(0)
    covariance = torch.stack([share * normal.covariance for share, normal in zip(shares, normals, strict=True)]).sum(0)
    for _ in range(ROUNDS if len(normals) > 1 else 0):
        half = root(covariance)
        inverse = torch.linalg.inv(half)
        mixed = torch.stack(
            [share * root(half @ normal.covariance @ half) for share, normal in zip(shares, normals, strict=True)]
        ).sum(0)
        covariance = inverse @ mixed @ mixed @ inverse
    return Normal(mean, covariance)
