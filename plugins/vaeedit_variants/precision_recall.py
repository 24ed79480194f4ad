"""Improved precision and recall of generated images (Kynkaanniemi et al. 2019)."""

import torch
from torch import Tensor

NEIGHBORS = 3
"""k of the paper: a manifold is the union of balls around all points, each up to its k-th nearest neighbor."""
CHUNK = 1000
"""Points whose distances to all others are in memory at a time."""


def precision_and_recall(real: Tensor, generated: Tensor) -> tuple[float, float]:
    """Precision and recall of features (N, F) and (M, F), from 0 to 1.

    Precision is the share of generated points on the manifold of the real ones, and recall the share of real points on
    that of the generated ones. Raises ValueError where a set has no more than `NEIGHBORS` points.
    """
    if min(len(real), len(generated)) <= NEIGHBORS:
        raise ValueError(f"precision and recall need more than {NEIGHBORS} images of each kind")
    return _covered(generated, real), _covered(real, generated)


def _covered(points: Tensor, support: Tensor) -> float:
    """The share of `points` on the manifold of `support`."""
    radii = torch.cat(
        [
            torch.cdist(part, support).kthvalue(NEIGHBORS + 1, dim=1).values
            for part in torch.split(support, CHUNK)
        ]
    )  # the nearest of all is the point itself
    inside = [(torch.cdist(part, support) <= radii).any(1) for part in torch.split(points, CHUNK)]
    return torch.cat(inside).double().mean().item()
