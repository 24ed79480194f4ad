"""Filters of tensors (B, C, H, W) that the operations share: blurs, and a continuation of what is known in places."""

import torch
from torch import Tensor
from torch.nn import functional as F


def gaussian_blur(x: Tensor, width: Tensor | float) -> Tensor:
    """Each channel under a Gaussian of standard deviation `width` pixels: a number, or one for each image (B, 1).

    Borders are reflected; where the image is smaller than the filter's radius, of 3.5 deviations, they are repeated.
    """
    from kornia.filters import gaussian_blur2d  # importing kornia takes half a second

    if len(x) == 0:
        return x
    widths = torch.as_tensor(width, dtype=x.dtype, device=x.device).clamp_min(0.05).reshape(-1, 1)
    radius = max(1, round(3.5 * float(widths.max())))
    border = "reflect" if radius < min(x.shape[2:]) else "replicate"
    found: Tensor = gaussian_blur2d(x, 2 * radius + 1, widths.expand(-1, 2), border)
    return found


def local_mean(x: Tensor, radius: int) -> Tensor:
    """Mean over a square window of `radius` places on either side, cut at the border (kornia's box blur pads instead)."""
    return F.avg_pool2d(x, 2 * radius + 1, 1, radius, count_include_pad=False)


def membrane(weighted: Tensor, weight: Tensor) -> Tensor:
    """Values continued smoothly from where their weight (B, 1, H, W) is 1 to where it is 0; no weight anywhere gives zero.

    `weighted` are the values times their weight, which lies in [0, 1]. Pull and push over a pyramid (Gortler et al. 1996):
    close to the harmonic membrane of Poisson cloning (Farbman, Fattal & Lischinski 2011).
    """
    if max(weighted.shape[2:]) <= 2:
        mean = weighted.sum((2, 3), keepdim=True) / weight.sum((2, 3), keepdim=True).clamp_min(1e-12)
        return mean.expand_as(weighted)
    below = membrane(_half(weighted), _half(weight))
    far = F.interpolate(below, size=weighted.shape[2:], mode="bilinear", align_corners=False)
    return weighted + (1 - weight).clamp_min(0) * far


def _half(x: Tensor) -> Tensor:
    """At half the size, under the pyramid filter of Burt & Adelson (1983)."""
    taps = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], device=x.device) / 16
    border = "reflect" if min(x.shape[2:]) > 2 else "replicate"
    planes = F.pad(x.flatten(0, 1)[:, None], (2,) * 4, mode=border)
    planes = F.conv2d(planes, torch.outer(taps, taps)[None, None], stride=2)
    return planes.view(*x.shape[:2], *planes.shape[2:])


def is_gray(x: Tensor) -> Tensor:
    """Which images have equal channels, (B, 1, 1, 1)."""
    return (x[:, :1] == x).flatten(1).all(1)[:, None, None, None]
