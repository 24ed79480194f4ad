"""Masks of what is visible in an image: quadrants, as in Sohn et al. (2015), and random rectangles and blobs."""

from collections.abc import Collection, Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

QUADRANTS = ("upper left", "upper right", "lower left", "lower right")


def quadrants(visible: Collection[str], size: Sequence[int]) -> Tensor:
    """The mask (1, 1, H, W) for images of `size` (height, width): 1 in the quadrants of these names, 0 elsewhere."""
    quarters = torch.tensor([float(name in visible) for name in QUADRANTS])
    return _spread(quarters.view(1, 2, 2), size)


def random_masks(count: int, size: Sequence[int], quadrants: float, device: torch.device) -> Tensor:
    """Masks (count, 1, H, W) of 0 and 1, by torch's global generator; 1 is visible.

    In a share `quadrants` of them each quadrant is visible or not, with equal chances, but never all four. The others are
    a rectangle or a blob, one half each, which is all that is visible or all that is hidden.
    """
    quarters = torch.rand(count, 2, 2, device=device) < 0.5
    quarters[quarters.all(2).all(1)] = False
    kind = torch.rand(count, device=device)[:, None, None, None]
    other = torch.where(
        kind < (1 + quadrants) / 2, _rectangles(count, size, device), _blobs(count, size, device)
    )
    other = other ^ (torch.rand(count, 1, 1, 1, device=device) < 0.5)
    return torch.where(kind < quadrants, _spread(quarters.float(), size), other.float())


def _spread(quarters: Tensor, size: Sequence[int]) -> Tensor:
    """Values of the quadrants (B, 2, 2), at their pixels (B, 1, H, W); an odd middle belongs to the second half."""
    rows, columns = ((torch.arange(side, device=quarters.device) >= side // 2).long() for side in size)
    return quarters[:, None, rows][..., columns]


def _rectangles(count: int, size: Sequence[int], device: torch.device) -> Tensor:
    """Rectangles (count, 1, H, W) between two random rows and two random columns."""
    inside = []
    for side in size:
        low, high = (torch.rand(count, 2, device=device) * (side + 1)).sort(1).values[..., None].unbind(1)
        position = torch.arange(side, device=device) + 0.5
        inside.append((low <= position) & (position < high))
    return (inside[0][:, :, None] & inside[1][:, None, :])[:, None]


def _blobs(count: int, size: Sequence[int], device: torch.device) -> Tensor:
    """Where smooth noise exceeds a random threshold, (count, 1, H, W): shapes like those of a brush."""
    noise = torch.randn(count, 1, 5, 5, device=device)
    smooth = interpolate(noise, size, mode="bicubic", align_corners=True)
    return smooth > torch.randn(count, 1, 1, 1, device=device)
