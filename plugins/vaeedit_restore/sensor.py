"""Noise simulated from the sensor on: raw noise, processed by demosaicking, white balance, color matrix and tone curve.

The order is that of Brooks et al. 2019 ("Unprocessing images for learned raw denoising"). Only the noise is demosaicked,
so the clean image keeps its detail: y = x + tone(linear + processed noise) - tone(linear).
"""

import torch
from kornia.color import CFA, linear_rgb_to_rgb, raw_to_rgb, rgb_to_linear_rgb
from kornia.filters import sobel
from torch import Tensor

from vaeedit.api import gaussian_blur

LUMA = (0.25, 0.5, 0.25)
EDGE = 0.04
"""Gradient of luma, in units of [0, 1] a pixel, at which noise reduction acts by half."""


def sensor_noise(x: Tensor, sigma: Tensor) -> Tensor:
    """Residual (B, 3, H, W) for clean x (B, 3, H, W) in [0, 1], with root mean square sigma (B, 1, 1, 1); even H and W."""
    if len(x) == 0:
        return torch.zeros_like(x)
    linear = rgb_to_linear_rgb(x.clamp(0, 1))
    gains = 1 + torch.tensor([1.2, 0.0, 1.2], device=x.device).view(3, 1, 1) * torch.rand(
        len(x), 3, 1, 1, device=x.device
    )
    saturation = 0.8 * torch.rand(len(x), 1, 1, 1, device=x.device)
    signal = _mixed(linear, saturation, inverse=True) / gains
    shot = torch.rand(len(x), 1, 1, 1, device=x.device)
    raw = (0.02 * (1 - shot) + shot * signal.clamp_min(0)).sqrt() * torch.randn_like(x)
    noise = _mixed(_demosaicked(raw) * gains, saturation)
    # so small that the tone curve is about linear and does not shift the mean
    noise = 0.05 * noise / noise.std((1, 2, 3), keepdim=True)
    residual = linear_rgb_to_rgb((linear + noise).clamp_min(0)) - linear_rgb_to_rgb(linear)
    residual = _processed(residual, x)
    return residual * sigma / residual.square().mean((1, 2, 3), keepdim=True).sqrt()


def _mixed(x: Tensor, saturation: Tensor, *, inverse: bool = False) -> Tensor:
    """The color matrix (1 + s) I - s 1 w^T, which increases differences of channels and keeps grays, or its inverse."""
    gray = (x * torch.tensor(LUMA, device=x.device).view(3, 1, 1)).sum(1, keepdim=True)
    return (x + saturation * gray) / (1 + saturation) if inverse else (1 + saturation) * x - saturation * gray


def _demosaicked(x: Tensor) -> Tensor:
    """Values (B, 3, H, W) sampled by a Bayer pattern and interpolated bilinearly."""
    mosaic = x[:, 1:2].clone()
    mosaic[..., ::2, ::2] = x[:, 0:1, ::2, ::2]
    mosaic[..., 1::2, 1::2] = x[:, 2:3, 1::2, 1::2]
    return raw_to_rgb(mosaic, CFA.BG)  # OpenCV's name of the pattern with red at the corner


def _processed(residual: Tensor, clean: Tensor) -> Tensor:
    """In-camera noise reduction and sharpening: chroma is blurred more than luma, and noise at edges is kept.

    An edge is where the gradient of the clean luma is steep; elsewhere luma noise is weakened, too. Each image has
    strengths of its own.
    """
    count, device = len(residual), residual.device
    widths, shares = torch.rand(2, count, 1, device=device), torch.rand(3, count, 1, 1, 1, device=device)
    gray = residual.mean(1, keepdim=True)
    luma = gaussian_blur(gray, 0.7 * widths[0])
    slope = gaussian_blur(sobel(clean.mean(1, keepdim=True)), torch.ones_like(widths[0]))
    edge = slope**2 / (slope**2 + EDGE**2)
    luma = luma + shares[0] * edge * (gray - luma)
    luma = luma * (1 - shares[1] * (1 - edge))
    luma = luma + shares[2] * (luma - gaussian_blur(luma, torch.ones_like(widths[0])))
    return luma + gaussian_blur(residual - gray, 0.4 + 2.2 * widths[1])
