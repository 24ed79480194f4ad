"""Optimal transport between Gaussians, in closed form (Bures, Wasserstein)."""

import torch
from torch import Tensor

SHRINK = 1e-3
"""Share of the mean variance that is added to every variance: directions with none in them cannot be stretched."""


def transport_gaussian(points: Tensor, to: Tensor) -> Tensor:
    """Points (N, D) moved by the optimal map between Gaussians that fit them and `to` (M, D)."""
    own, other = points.double(), to.double()
    matrix = monge_map(_covariance(own), _covariance(other))
    return ((own - own.mean(0)) @ matrix + other.mean(0)).to(points.dtype)


def monge_map(source: Tensor, target: Tensor) -> Tensor:
    """The matrix T of the optimal map x -> T (x - m) + n between covariances C and S (Peyre & Cuturi 2019, remark 2.31).

    T = C^-1/2 (C^1/2 S C^1/2)^1/2 C^-1/2, the least displacement that gives x the covariance S.
    """
    half = root(source)
    inverse = torch.linalg.inv(half)
    found: Tensor = inverse @ root(half @ target @ half) @ inverse
    return found


def root(matrix: Tensor) -> Tensor:
    """Square root of a symmetric positive semi-definite matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    found: Tensor = (vectors * values.clamp_min(0).sqrt()) @ vectors.mT
    return found


def _covariance(values: Tensor) -> Tensor:
    centered = values - values.mean(0)
    covariance = centered.T @ centered / len(values)
    floor = SHRINK * covariance.trace() / len(covariance) + 1e-12
    return covariance + floor * torch.eye(len(covariance), dtype=values.dtype, device=values.device)
