"""Optimal transport between Gaussians, in closed form (Bures-Wasserstein)."""

import torch
from torch import Tensor

SHRINK = 1e-3
"""Share of the mean variance that is added to every variance: directions without variance could not be stretched."""


def transport_gaussian(points: Tensor, source: Tensor, to: Tensor, shared: float = 0.0) -> Tensor:
    """Points (N, D) moved by the optimal map between the Gaussians of `source` (M, D) and `to` (K, D); same shape.

    `shared` times the covariance of `to` is added to both: no direction is stretched more than (1 + 1 / shared)^1/2 times.
    """
    own, other = source.double(), to.double()
    goal = _covariance(other)
    matrix = monge_map(_covariance(own) + shared * goal, goal + shared * goal)
    return ((points.double() - own.mean(0)) @ matrix + other.mean(0)).to(points.dtype)


def monge_map(source: Tensor, target: Tensor) -> Tensor:
    """The matrix T (D, D) of the optimal map x -> T (x - m) + n from covariance C to S (Peyre & Cuturi 2019, remark 2.31).

    T = C^-1/2 (C^1/2 S C^1/2)^1/2 C^-1/2; it gives x the covariance S with the least displacement.
    """
    half = root(source)
    inverse = torch.linalg.inv(half)
    matrix: Tensor = inverse @ root(half @ target @ half) @ inverse
    return matrix


def root(matrix: Tensor) -> Tensor:
    """Square root of a symmetric positive semi-definite matrix (D, D)."""
    values, vectors = torch.linalg.eigh(matrix)
    half: Tensor = (vectors * values.clamp_min(0).sqrt()) @ vectors.mT
    return half


def _covariance(values: Tensor) -> Tensor:
    centered = values - values.mean(0)
    covariance = centered.T @ centered / len(values)
    floor = SHRINK * covariance.trace() / len(covariance) + 1e-12
    return covariance + floor * torch.eye(len(covariance), dtype=values.dtype, device=values.device)
