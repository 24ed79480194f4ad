"""Round Gaussian blurs, each image by a width of its own."""

import torch
from torch import Tensor
from torch.nn import functional as F


def blurred_by(x: Tensor, width: Tensor) -> Tensor:
    """(B, C, H, W) blurred by standard deviations `width` (B, 1) in pixels; borders are reflected."""
    if len(x) == 0:
        return x
    radius = int(min(max(1.0, 2.5 * float(width.max())), min(x.shape[2:]) - 1))
    line = gaussians(width, radius)
    line = (line / line.sum(1, keepdim=True)).repeat_interleave(x.shape[1], 0)[:, None]
    planes = F.pad(x, (radius,) * 4, mode="reflect")
    planes = planes.reshape(1, -1, *planes.shape[2:])
    planes = F.conv2d(planes, line[..., None], groups=len(line))
    return F.conv2d(planes, line[..., None, :], groups=len(line)).view_as(x)


def gaussians(width: Tensor, radius: int) -> Tensor:
    """Gaussians of standard deviation `width` (N, 1) on -radius..radius, (N, 2 radius + 1), with 1 in the middle."""
    grid = torch.arange(-radius, radius + 1, device=width.device, dtype=torch.float32)
    return torch.exp(-0.5 * (grid / width.clamp_min(0.05)) ** 2)
