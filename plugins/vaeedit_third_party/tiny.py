"""Tiny autoencoders like TAESD (Bohan 2023): plain convolutions at strides 1, 2, 4 and 8, without posterior variance.

The parameters have the names of the published files, with the prefixes `encoder.` and `decoder.`.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from vaeedit.api import Decoded, Gaussian, Latents, receptive_radius
from vaeedit_third_party import OVERLAP, TinyConfig

LEVELS = 3
"""Halvings of the resolution."""
BLOCKS = 3
"""Residual blocks at each coarser resolution; at the finest resolution there is one."""


class Block(nn.Module):
    """relu(x + conv(relu(conv(relu(conv(x)))))); with `pooled`, a normalized branch is added to x first."""

    def __init__(self, width: int, *, pooled: bool = False) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            _conv(width, width), nn.ReLU(), _conv(width, width), nn.ReLU(), _conv(width, width)
        )
        self.pool = _pool(width) if pooled else None

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, h, w) -> the same shape."""
        if self.pool is not None:
            x = x + self.pool(x)
        return torch.relu(self.conv(x) + x)


class Bounded(nn.Module):
    """3 tanh(x / 3), which limits latents to (-3, 3)."""

    def forward(self, x: Tensor) -> Tensor:
        """Limit each value of a tensor of any shape."""
        return torch.tanh(x / 3) * 3


class TinyAutoencoder(nn.Module):
    """Encoder and decoder; satisfies `VAE` and, with `pooled` blocks, `SeesWhole`. Latents are points of stride 8."""

    conditions: tuple[str, ...] = ()
    channels = 3
    multiple = 2**LEVELS
    receptive_field = cached_property(receptive_radius)

    def __init__(self, config: TinyConfig) -> None:
        super().__init__()
        if config.pooled:
            self.overlap = OVERLAP * self.multiple
        width = config.width
        coarse = [Block(width, pooled=config.pooled) for _ in range(BLOCKS)]
        down: list[nn.Module] = [_conv(3, width), Block(width)]
        up: list[nn.Module] = [Bounded(), _conv(config.latents, width), nn.ReLU()]
        up += [Block(width, pooled=config.pooled) for _ in range(BLOCKS)]
        for level in range(LEVELS):
            last = level == LEVELS - 1
            down.append(_conv(width, width, stride=2, bias=False))
            down += coarse if last else [Block(width) for _ in range(BLOCKS)]
            up += [nn.Upsample(scale_factor=2), _conv(width, width, bias=False)]
            up += [Block(width) for _ in range(1 if last else BLOCKS)]
        self.encoder = nn.Sequential(*down, _conv(width, config.latents))
        self.decoder = nn.Sequential(*up, _conv(width, 3))

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        """(B, 3, H, W) in [0, 1] -> a point (B, latents, H / 8, W / 8); there are no conditions."""
        return Latents((Gaussian(self.encoder(x).float()),))

    def decode(self, latents: Latents, *, std: bool = False) -> Decoded:
        """The image (B, 3, H, W) in [0, 1] at a point; the model predicts no deviation, so `std` changes nothing."""
        return Decoded(self.decoder(latents.levels[0].mean).float())


def detect(shapes: Mapping[str, Sequence[int]]) -> dict[str, Any] | None:
    """The hyper-parameters of the network with tensors of these shapes, or None for another kind of network."""
    first, last = shapes.get("encoder.0.weight"), shapes.get("decoder.1.weight")
    if first is None or last is None or len(first) != 4 or "encoder.1.conv.4.weight" not in shapes:
        return None
    pooled = any(".pool." in name for name in shapes)
    return {"latents": last[1], "width": first[0], "pooled": pooled}


def _conv(before: int, after: int, *, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=bias)


def _pool(width: int) -> nn.Sequential:
    wide = 4 * width
    return nn.Sequential(
        nn.Conv2d(width, wide, 1, bias=False),
        nn.GroupNorm(4, wide),
        nn.ReLU(),
        nn.Conv2d(wide, width, 1, bias=False),
    )
