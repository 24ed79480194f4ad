"""A memory of normal features: whitened principal components, and some representative features.

It is the memory and greedy coreset of PatchCore (Roth et al. 2022) in a whitened space, where distances are Mahalanobis
distances as in PaDiM (Defard et al. 2021).
"""

import torch
from torch import Tensor, nn

CHUNK = 4096
"""Features whose distances are computed at once."""


class Memory(nn.Module):
    """`size` features of `width` channels, projected on `components` whitened directions; with size 0 it is empty."""

    center: Tensor
    basis: Tensor
    kept: Tensor

    def __init__(self, width: int, size: int = 0, components: int = 0) -> None:
        super().__init__()
        self.register_buffer("center", torch.zeros(width))
        self.register_buffer("basis", torch.zeros(width, components))
        self.register_buffer("kept", torch.zeros(size, components))

    @property
    def filled(self) -> bool:
        """True if there are features to compare with."""
        return len(self.kept) > 0

    def forward(self, features: Tensor) -> Tensor:
        """Mahalanobis distance of features (B, width, h, w) to the nearest kept feature, (B, 1, h, w)."""
        flat = self._whitened(features.float().movedim(1, -1).reshape(-1, features.shape[1]))
        nearest = torch.cat([torch.cdist(part, self.kept).amin(1) for part in torch.split(flat, CHUNK)])
        return nearest.view(len(features), 1, *features.shape[2:])

    def fill(self, features: Tensor, size: int, components: int, seed: int = 0) -> None:
        """Keep at most `size` representatives of features (N, width), projected on at most `components` directions."""
        self.center = (
            features.mean(0).half().float()
        )  # files store 16 bits: round before distances are calibrated
        spread, basis = torch.linalg.eigh(torch.cov((features - self.center).T))
        spread, basis = spread.flip(0), basis.flip(1)
        count = min(components, int((spread > 1e-4 * spread[0]).sum()), len(features) - 1)
        self.basis = (basis[:, :count] / spread[:count].sqrt()).contiguous().half().float()
        white = self._whitened(features)
        self.kept = white[farthest(white, size, seed)].clone()

    def _whitened(self, flat: Tensor) -> Tensor:
        white: Tensor = (flat - self.center) @ self.basis
        return white


def farthest(points: Tensor, size: int, seed: int = 0) -> Tensor:
    """Indices (size,), int64, of points (N, D) that cover all points.

    Each is the point farthest from the previous ones (greedy k-center, Gonzalez 1985).
    """
    generator = torch.Generator().manual_seed(seed)
    size = min(size, len(points))
    chosen = [int(torch.randint(len(points), (), generator=generator))]
    nearest = torch.full((len(points),), torch.inf, device=points.device)
    while len(chosen) < size:
        nearest = torch.minimum(nearest, (points - points[chosen[-1]]).square().sum(1))
        chosen.append(int(nearest.argmax()))
    return torch.tensor(chosen, device=points.device)
