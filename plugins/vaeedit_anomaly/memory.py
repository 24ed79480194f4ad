"""A memory of normal features: principal components, whitened, and a few representatives of all that was seen.

PatchCore's memory and greedy coreset (Roth et al. 2022) in a whitened space, where distances are Mahalanobis distances as
in PaDiM (Defard et al. 2021).
"""

import torch
from torch import Tensor, nn

CHUNK = 4096
"""Features whose distances are computed at once."""


class Memory(nn.Module):
    """`size` features of `width` channels, seen through `components` whitened directions; of size 0 it is empty."""

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
        """Whether there is anything to compare with."""
        return len(self.kept) > 0

    def forward(self, features: Tensor) -> Tensor:
        """Distance of features (B, width, h, w) to the nearest that is kept, (B, 1, h, w)."""
        flat = self._whitened(features.float().movedim(1, -1).reshape(-1, features.shape[1]))
        nearest = torch.cat([torch.cdist(part, self.kept).amin(1) for part in torch.split(flat, CHUNK)])
        return nearest.view(len(features), 1, *features.shape[2:])

    def fill(self, features: Tensor, size: int, components: int, seed: int = 0) -> None:
        """Keep representatives of features (N, width): at most `size` of them and N; at most `components` directions."""
        self.center = features.mean(0).half().float()  # files hold 16 bits, and distances must survive them
        spread, basis = torch.linalg.eigh(torch.cov((features - self.center).T))
        spread, basis = spread.flip(0), basis.flip(1)
        count = min(components, int((spread > 1e-4 * spread[0]).sum()), len(features) - 1)
        self.basis = (basis[:, :count] / spread[:count].sqrt()).contiguous().half().float()
        white = self._whitened(features)
        self.kept = white[farthest(white, size, seed)].clone()

    def _whitened(self, flat: Tensor) -> Tensor:
        found: Tensor = (flat - self.center) @ self.basis
        return found


def farthest(points: Tensor, size: int, seed: int = 0) -> Tensor:
    """Indices of `size` points (of N, D) that cover all: each is the farthest from those before it (k-center greedy)."""
    generator = torch.Generator().manual_seed(seed)
    size = min(size, len(points))
    chosen = [int(torch.randint(len(points), (), generator=generator))]
    nearest = torch.full((len(points),), torch.inf, device=points.device)
    while len(chosen) < size:
        nearest = torch.minimum(nearest, (points - points[chosen[-1]]).square().sum(1))
        chosen.append(int(nearest.argmax()))
    return torch.tensor(chosen, device=points.device)
