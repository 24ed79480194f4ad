"""Filters of tensors (B, C, H, W) that the operations share: blurs, and filling in of missing values."""

import torch
from torch import Tensor
from torch.nn import functional as F


def gaussian_blur(x: Tensor, width: Tensor | float) -> Tensor:
    """Blur each channel of x (B, C, H, W) with a Gaussian; the result has the shape, range and dtype of x.

    `width` is the standard deviation in pixels: a number, or one for each image (B, 1). The filter's radius is 3.5 standard
    deviations. Borders are reflected, or repeated where the image is smaller than the radius.
    """
    from kornia.filters import gaussian_blur2d  # importing kornia takes half a second

    if len(x) == 0:
        return x
    widths = torch.as_tensor(width, dtype=x.dtype, device=x.device).clamp_min(0.05).reshape(-1, 1)
    radius = max(1, round(3.5 * float(widths.max())))
    border = "reflect" if radius < min(x.shape[2:]) else "replicate"
    blurred: Tensor = gaussian_blur2d(x, 2 * radius + 1, widths.expand(-1, 2), border)
    return blurred


def local_mean(x: Tensor, radius: int) -> Tensor:
    """Mean of x (B, C, H, W) over a square window, `radius` pixels to each side; the result has the shape and range of x.

    The window is cut at the border (kornia's box blur pads instead).
    """
    return F.avg_pool2d(x, 2 * radius + 1, 1, radius, count_include_pad=False)


def membrane(weighted: Tensor, weight: Tensor) -> Tensor:
    """Continue values (B, C, H, W) smoothly from where their `weight` (B, 1, H, W) is 1 to where it is 0.

    `weighted` are the values times their weight, which lies in [0, 1]; where it is 0 everywhere, the result is 0. The method
    is pull-push over a pyramid (Gortler et al. 1996), close to the harmonic membrane of Poisson cloning (Farbman, Fattal &
    Lischinski 2011).
    """
    if max(weighted.shape[2:]) <= 2:
        mean = weighted.sum((2, 3), keepdim=True) / weight.sum((2, 3), keepdim=True).clamp_min(1e-12)
        return mean.expand_as(weighted)
    coarse = membrane(_half(weighted), _half(weight))
    filling = F.interpolate(coarse, size=weighted.shape[2:], mode="bilinear", align_corners=False)
    return weighted + (1 - weight).clamp_min(0) * filling


def _half(x: Tensor) -> Tensor:
    """x (B, C, H, W) at half the size, by the pyramid filter of Burt & Adelson (1983)."""
    taps = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], device=x.device) / 16
    border = "reflect" if min(x.shape[2:]) > 2 else "replicate"
    planes = F.pad(x.flatten(0, 1)[:, None], (2,) * 4, mode=border)
    planes = F.conv2d(planes, torch.outer(taps, taps)[None, None], stride=2)
    return planes.view(*x.shape[:2], *planes.shape[2:])


def is_gray(x: Tensor) -> Tensor:
    """Whether all channels of each image in x (B, C, H, W) are equal: a boolean (B, 1, 1, 1)."""
    return (x[:, :1] == x).flatten(1).all(1)[:, None, None, None]
