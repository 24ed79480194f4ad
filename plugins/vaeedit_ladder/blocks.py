"""Building blocks of the ladder networks: plain 3x3 convolutions, which run near a CPU's peak in channels_last."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """x + conv(relu(conv(x))), both 3x3 (He et al. 2016, without normalisation); receptive radius 2."""

    def __init__(self, width: int, *, bias: bool = True) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1, bias=bias)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, h, w) -> the same shape."""
        change: Tensor = self.second(torch.relu(self.first(x)))
        return x + change


def stage(width: int, count: int, *, bias: bool = True) -> nn.Sequential:
    """`count` residual blocks at one resolution."""
    return nn.Sequential(*(ResidualBlock(width, bias=bias) for _ in range(count)))


def downs(widths: Sequence[int], *, bias: bool = True) -> nn.ModuleList:
    """2x2 strided convolutions from each level to the next coarser one."""
    pairs = pairwise(widths)
    return nn.ModuleList(nn.Conv2d(fine, coarse, 2, stride=2, bias=bias) for fine, coarse in pairs)


def ups(widths: Sequence[int], *, bias: bool = True) -> nn.ModuleList:
    """2x2 transposed convolutions from each coarser level to the next finer one."""
    pairs = pairwise(widths)
    return nn.ModuleList(nn.ConvTranspose2d(coarse, fine, 2, stride=2, bias=bias) for fine, coarse in pairs)


class Pyramid(nn.Module):
    """Bottom-up features at strides 2, 4, 8, ...: pixel-unshuffle, then a residual stage per level."""

    def __init__(self, channels: int, widths: Sequence[int], blocks: int = 1) -> None:
        super().__init__()
        self.stem = nn.Conv2d(4 * channels, widths[0], 3, padding=1)
        self.stages = nn.ModuleList(stage(width, blocks) for width in widths)
        self.downs = downs(widths)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, C, H, W) -> one (B, width, H / stride, W / stride) tensor a level, fine to coarse."""
        h = self.stem(nn.functional.pixel_unshuffle(x, 2))
        features = []
        for level, residual in enumerate(self.stages):
            h = residual(h if level == 0 else self.downs[level - 1](h))
            features.append(h)
        return features


class Head(nn.Module):
    """Stride 2 to full resolution with a full-resolution convolution last, so that no 2-pixel checker remains.

    Starts at zero output plus `bias`.
    """

    def __init__(
        self, width: int, channels: int, inner: int = 12, bias: Sequence[float] | None = None
    ) -> None:
        super().__init__()
        self.expand = nn.Conv2d(width, 4 * inner, 3, padding=1)
        self.final = nn.Conv2d(inner, channels, 3, padding=1)
        nn.init.zeros_(self.final.weight)
        start = torch.zeros(channels) if bias is None else torch.tensor(list(bias))
        self.final.bias = nn.Parameter(start)

    def forward(self, h: Tensor) -> Tensor:
        """(B, width, H / 2, W / 2) -> (B, channels, H, W), float32."""
        full = nn.functional.pixel_shuffle(self.expand(h), 2)
        out: Tensor = self.final(torch.relu(full)).float()
        return out
