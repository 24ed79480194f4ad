"""Bicubic resampling by whole factors, as MATLAB's imresize does it, and the null space of the downscaler.

A pixel of the small image is the mean of the large one under Keys' cubic (1981, a = -1/2) stretched by the
factor, so that nothing aliases; borders are mirrored, the border pixel included. All functions take tensors
(B, C, H, W) of any range and device, compute in float32 even under autocast, and return float32 that is not
clipped. `scale` is the whole factor between the large and the small image.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

INVERSE_RADIUS = 8
"""Taps on each side of the inverse of A A^T, whose terms fall below 1e-5 there."""
NULL_SPACE_REACH = INVERSE_RADIUS + 4
"""Pixels of the small image that one value of `null_space` depends on, on each side."""


def bicubic_down(x: Tensor, scale: int) -> Tensor:
    """A x (B, C, H / scale, W / scale): the image x (B, C, H, W) made smaller by MATLAB's bicubic, in float32.

    `scale` must divide its sides. The cubic may exceed the range of x.
    """
    taps, border = _cubic(scale).to(x), _border(scale)
    with torch.autocast(x.device.type, enabled=False):
        return _along_both(_mirrored(x.float(), border), taps, scale)


def bicubic_up(x: Tensor, scale: int) -> Tensor:
    """The image x (B, C, H, W) made larger with the same cubic: (B, C, scale * H, scale * W), in float32."""
    with torch.autocast(x.device.type, enabled=False):
        return F.interpolate(x.float(), scale_factor=scale, mode="bicubic", antialias=True)


def null_space(x: Tensor, scale: int) -> Tensor:
    """(I - A^+ A) x: the part of x (B, C, H, W) that `bicubic_down(x, scale)` maps to zero, of the shape of x.

    A^+ = A^T (A A^T)^-1 is the pseudo-inverse. Along one axis A A^T is a banded Toeplitz matrix, so its inverse is a
    short filter. `scale` must divide the sides of x.
    """
    taps, inverse, border = _cubic(scale).to(x), _inverse(scale).to(x), _border(scale)
    margin = NULL_SPACE_REACH * scale
    with torch.autocast(x.device.type, enabled=False):
        x = x.float()
        small = _along_both(_mirrored(x, margin), taps, scale, border)
        small = _along_both(small, inverse, 1, INVERSE_RADIUS)
        trace = _spread_both(small, taps, scale, border)
    return x - trace[..., margin : margin + x.shape[2], margin : margin + x.shape[3]]


def _along_both(x: Tensor, taps: Tensor, stride: int, padding: int = 0) -> Tensor:
    """Correlate each channel with `taps` along rows, then columns."""
    planes = x.flatten(0, 1).unsqueeze(1)
    planes = F.conv2d(planes, taps.view(1, 1, -1, 1), stride=(stride, 1), padding=(padding, 0))
    planes = F.conv2d(planes, taps.view(1, 1, 1, -1), stride=(1, stride), padding=(0, padding))
    return planes.view(*x.shape[:2], *planes.shape[2:])


def _spread_both(x: Tensor, taps: Tensor, stride: int, padding: int) -> Tensor:
    """The adjoint of `_along_both`."""
    planes = x.flatten(0, 1).unsqueeze(1)
    planes = F.conv_transpose2d(planes, taps.view(1, 1, 1, -1), stride=(1, stride), padding=(0, padding))
    planes = F.conv_transpose2d(planes, taps.view(1, 1, -1, 1), stride=(stride, 1), padding=(padding, 0))
    return planes.view(*x.shape[:2], *planes.shape[2:])


def _mirrored(x: Tensor, border: int) -> Tensor:
    rows, columns = (
        torch.from_numpy(np.pad(np.arange(size), border, mode="symmetric")).to(x.device)
        for size in x.shape[2:]
    )
    return x[:, :, rows][:, :, :, columns]


def _border(scale: int) -> int:
    """Pixels by which the cubic reaches beyond the `scale` pixels that a small pixel covers, on each side."""
    return (len(_cubic(scale)) - scale) // 2


@lru_cache
@torch.inference_mode(False)  # the cached tensor serves training too
def _cubic(scale: int) -> Tensor:
    """Weights that sum to 1; 4 * scale taps, one less where the outermost would be zero."""
    count = 4 * scale - scale % 2
    distance = (torch.arange(count, dtype=torch.float64) - (count - 1) / 2).abs() / scale
    near = 1.5 * distance**3 - 2.5 * distance**2 + 1
    far = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    weights = torch.where(distance <= 1, near, far)
    return (weights / weights.sum()).float()


@lru_cache
@torch.inference_mode(False)
def _inverse(scale: int, length: int = 128) -> Tensor:
    """The filter of (A A^T)^-1: one over the spectrum of the cubic's autocorrelation at multiples of `scale`."""
    taps = _cubic(scale).double()
    padded = F.pad(taps, (len(taps), len(taps)))
    lags = range(-(len(taps) // scale), len(taps) // scale + 1)
    row = torch.zeros(length, dtype=torch.float64)
    for lag in lags:
        row[lag] = (padded * padded.roll(lag * scale)).sum()
    inverse: Tensor = torch.fft.ifft(1 / torch.fft.fft(row)).real
    return inverse.roll(INVERSE_RADIUS)[: 2 * INVERSE_RADIUS + 1].float()
