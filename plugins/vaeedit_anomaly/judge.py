"""The judge: a small network that tells from whitened deviations where a defect is.

A Mahalanobis distance gives all deviations the same weight. The judge learns from synthetic defects which of them matter, in
which combination, and how large a region they fill.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

DILATIONS = (1, 2, 4)
"""Dilations of its convolutions: its receptive field is 15 x 15 places."""


class Judge(nn.Module):
    """Dilated convolutions on deviations of `channels` channels; with a `width` of 0 it is empty."""

    def __init__(self, channels: int, width: int = 0) -> None:
        super().__init__()
        self.width = width
        if self.filled:
            self.enter = nn.Conv2d(2 * channels, width, 1)
            self.around = nn.ModuleList(
                nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation) for dilation in DILATIONS
            )
            self.leave = nn.Conv2d(width, 1, 1)
            nn.init.constant_(self.leave.bias, -3.0)  # type: ignore[arg-type]  # defects are rare

    @property
    def filled(self) -> bool:
        """True if there is a network."""
        return self.width > 0

    def forward(self, deviations: Tensor) -> Tensor:
        """Log-odds of a defect (B, 1, h, w), from deviations (B, channels, h, w) in standard deviations."""
        hidden = F.relu(self.enter(_compressed(deviations)))
        for convolution in self.around:
            hidden = hidden + F.relu(convolution(hidden))
        log_odds: Tensor = self.leave(hidden)
        return log_odds


def _compressed(deviations: Tensor) -> Tensor:
    """Deviations, and the same relative to the mean and spread of their own picture, with compressed large values.

    (B, channels, h, w) -> (B, 2 * channels, h, w).
    """
    mean, spread = deviations.mean((2, 3), keepdim=True), deviations.std((2, 3), keepdim=True)
    both = torch.cat([deviations, (deviations - mean) / (spread + 0.5)], 1)
    return both.sign() * both.abs().log1p()
