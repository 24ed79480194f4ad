"""Building blocks of the ladder networks: plain 3x3 convolutions, which run near a CPU's peak in channels_last."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu


class ResidualBlock(nn.Module):
    """x + conv(relu(conv(x))), both 3x3 (He et al. 2016, without normalization); receptive radius 2.

    With a `slope` above 0 the activation is leaky (Maas et al. 2013), so that its units cannot die, and an untrained block
    is the identity.
    """

    def __init__(self, width: int, *, bias: bool = True, slope: float = 0.0) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1, bias=bias)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=bias)
        self.slope = slope
        if slope:
            nn.init.zeros_(self.second.weight)
            if self.second.bias is not None:
                nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, h, w) -> the same shape."""
        h = self.first(x)  # in place from here: large images are bound by memory
        h = leaky_relu(h, self.slope, inplace=True) if self.slope else h.relu_()
        change: Tensor = self.second(h)
        return change.add_(x) if change.dtype == x.dtype else x + change


def stage(width: int, count: int, *, bias: bool = True, slope: float = 0.0) -> nn.Sequential:
    """`count` residual blocks at one resolution."""
    return nn.Sequential(*(ResidualBlock(width, bias=bias, slope=slope) for _ in range(count)))


def downs(widths: Sequence[int], *, bias: bool = True) -> nn.ModuleList:
    """2x2 strided convolutions from each level to the next coarser one."""
    pairs = pairwise(widths)
    return nn.ModuleList(nn.Conv2d(fine, coarse, 2, stride=2, bias=bias) for fine, coarse in pairs)


def ups(widths: Sequence[int], *, bias: bool = True) -> nn.ModuleList:
    """2x2 transposed convolutions from each coarser level to the next finer one."""
    pairs = pairwise(widths)
    return nn.ModuleList(nn.ConvTranspose2d(coarse, fine, 2, stride=2, bias=bias) for fine, coarse in pairs)


def zero_initialized(conv: nn.Conv2d) -> nn.Conv2d:
    """The convolution with zero weights and bias: a prior or posterior that it predicts starts at N(0, I)."""
    nn.init.zeros_(conv.weight)
    assert conv.bias is not None
    nn.init.zeros_(conv.bias)
    return conv


class Hourglass(nn.Module):
    """A U-Net (Ronneberger et al. 2015) at strides 1, 2, 4, ... of its input, without bias terms.

    Homogeneous, so f(a x) = a f(x) for a > 0 (Mohan et al. 2020).
    """

    def __init__(
        self,
        channels: int,
        widths: Sequence[int],
        blocks: Sequence[int],
        slope: float = 0.0,
        down_blocks: Sequence[int] = (),
    ) -> None:
        """`blocks` are those of each stage, fine to coarse; `down_blocks` those of the encoder, where it has others."""
        super().__init__()
        self.stem = nn.Conv2d(channels, widths[0], 3, padding=1, bias=False)
        self.down_stages, self.up_stages = (
            nn.ModuleList(stage(*pair, bias=False, slope=slope) for pair in zip(widths, counts, strict=True))
            for counts in (down_blocks or blocks, blocks)
        )
        self.downs = downs(widths, bias=False)
        self.ups = ups(widths, bias=False)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, channels, h, w) -> decoder features (B, width, h / 2^level, w / 2^level) of each level, fine to coarse."""
        h = self.stem(x)
        skips = []
        for level, residual in enumerate(self.down_stages):
            h = residual(h if level == 0 else self.downs[level - 1](h))
            skips.append(h)
        features: list[Tensor] = []
        for level in range(len(skips) - 1, -1, -1):
            if level < len(skips) - 1:
                h = self.ups[level](h) + skips[level]
            h = self.up_stages[level](h)
            features.insert(0, h)
        return features


class Pyramid(nn.Module):
    """Bottom-up features: one residual stage per level; each level has half the resolution of the previous level."""

    def __init__(
        self, channels: int, widths: Sequence[int], blocks: int | Sequence[int] = 1, slope: float = 0.0
    ) -> None:
        super().__init__()
        counts = [blocks] * len(widths) if isinstance(blocks, int) else blocks
        self.stem = nn.Conv2d(channels, widths[0], 3, padding=1)
        self.stages = nn.ModuleList(stage(*one, slope=slope) for one in zip(widths, counts, strict=True))
        self.downs = downs(widths)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, channels, h, w) -> features (B, width, h / 2^level, w / 2^level) of each level, fine to coarse."""
        h = self.stem(x)
        features = []
        for level, residual in enumerate(self.stages):
            h = residual(h if level == 0 else self.downs[level - 1](h))
            features.append(h)
        return features


class Head(nn.Module):
    """Output at `stride` times the resolution of the ladder's finest grid.

    The last convolution runs at full resolution; without it a checkerboard of `stride` pixels remains. An untrained head
    outputs `bias`.
    """

    def __init__(
        self, width: int, channels: int, inner: int = 12, bias: Sequence[float] | None = None, stride: int = 2
    ) -> None:
        super().__init__()
        self.stride = stride
        self.expand = nn.Conv2d(width, stride**2 * inner, 3, padding=1)
        self.final = nn.Conv2d(inner, channels, 3, padding=1)
        nn.init.zeros_(self.final.weight)
        start = torch.zeros(channels) if bias is None else torch.tensor(list(bias))
        self.final.bias = nn.Parameter(start)

    def forward(self, h: Tensor) -> Tensor:
        """(B, width, h, w) -> (B, channels, stride h, stride w), float32."""
        full = nn.functional.pixel_shuffle(self.expand(h), self.stride)
        out: Tensor = self.final(torch.relu(full)).float()
        return out
