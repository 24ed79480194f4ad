"""Grain: the part of the predicted deviation that the ladder of the upscaler does not draw."""

import torch
from torch import Tensor
from torch.nn import functional as F

AMOUNT = 0.5
"""Standard deviation of the grain, in units of the predicted one: with all of it, edges look noisy."""
FINE = 0.5
"""Share of white noise in the grain; the rest is the same noise, blurred by a pixel."""


def grain(e: Tensor, log_scale: Tensor, scale: int) -> Tensor:
    """Noise (B, C, H, W) without a period, from the finest latents e (B, N, h, w) of a sample, which are white noise.

    The channels of a place become the pixels that it covers, so the grain, too, depends on seed and position alone. Its
    deviation follows the predicted Laplace scale, whose logarithm `log_scale` is (B, C, H, W), averaged over those pixels.
    It is zero if there are fewer channels than pixels.
    """
    if e.shape[1] < scale**2:
        return torch.zeros_like(log_scale)
    noise = _softened(F.pixel_shuffle(e[:, : scale**2], scale))
    return AMOUNT * 2**0.5 * evened(log_scale, scale) * noise


def evened(logarithm: Tensor, scale: int) -> Tensor:
    """Factors (B, C, H, W) of such logarithms, averaged over the pixels of each small pixel: they have no period."""
    return F.interpolate(F.avg_pool2d(logarithm, scale).exp(), scale_factor=scale, mode="bilinear")


def _softened(noise: Tensor) -> Tensor:
    """White noise (B, 1, H, W) with less of the finest scale, of the same deviation."""
    row = torch.tensor([0.25, 0.5, 0.25]).to(noise)
    taps = row[:, None] * row * (1 - FINE)
    taps[1, 1] += FINE
    return F.conv2d(
        F.pad(noise, (1, 1, 1, 1), mode="reflect"), (taps / taps.square().sum().sqrt())[None, None]
    )
