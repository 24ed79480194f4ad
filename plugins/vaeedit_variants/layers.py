"""Encoders from images to one vector, and decoders back: fully connected, or convolutional with residual blocks."""

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from vaeedit_variants.options import PlainConfig

INNER = 16
"""Channels at full resolution in front of the last convolution."""


def coder(
    config: PlainConfig, parameters: int, *, planes: int = 0, values: int = 0
) -> tuple[nn.Module, nn.Module]:
    """Make an encoder (B, C + planes, H, W) -> (B, 2 latents) and a decoder (B, latents + values) -> (B, parameters, H', W').

    H' and W' are at least the height and width of the config; the caller cuts the result. `planes` and `values` are those
    of a condition, behind the image and behind the latents.
    """
    make = _dense if config.layers == "dense" else _convolutional
    return make(config, config.channels + planes, config.latents + values, parameters)


def _dense(config: PlainConfig, channels: int, code: int, parameters: int) -> tuple[nn.Module, nn.Module]:
    """Fully connected layers with `widths` units."""
    size = config.height, config.width
    values = math.prod(size)
    encoder = _linear([channels * values, *config.widths, 2 * config.latents])
    decoder = _linear([code, *reversed(config.widths), parameters * values])
    return nn.Sequential(nn.Flatten(), *encoder), nn.Sequential(
        *decoder, nn.Unflatten(1, (parameters, *size))
    )


def _convolutional(
    config: PlainConfig, channels: int, code: int, parameters: int
) -> tuple[nn.Module, nn.Module]:
    """Stages with `widths` channels at strides 2, 4, 8, ..., and one dense layer on each side of the latents."""
    sides = [(config.height, config.width)]
    down: list[nn.Module] = []
    up: list[nn.Module] = [nn.Conv2d(INNER, parameters, 3, padding=1), nn.SiLU()]
    for narrow, wide in pairwise([channels, *config.widths]):
        sides.append((-(-sides[-1][0] // 2), -(-sides[-1][1] // 2)))
        down += [nn.Conv2d(narrow, wide, 5 if len(sides) == 2 else 3, 2, 2 if len(sides) == 2 else 1)]
        down += [*_blocks(wide, config.blocks), nn.SiLU()]
        up += [nn.ConvTranspose2d(wide, INNER if len(sides) == 2 else narrow, 4, 2, 1), nn.SiLU()]
        up += _blocks(wide, config.blocks)
    flat = config.widths[-1] * math.prod(sides[-1])
    enter = [nn.Linear(code, flat), nn.Unflatten(1, (config.widths[-1], *sides[-1]))]
    leave = [nn.Flatten(), nn.Linear(flat, 2 * config.latents)]
    return nn.Sequential(*down, *leave), nn.Sequential(*enter, *reversed(up))


def _linear(widths: Sequence[int]) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for index, (narrow, wide) in enumerate(pairwise(widths)):
        layers += [nn.Linear(narrow, wide)] if index == 0 else [nn.SiLU(), nn.Linear(narrow, wide)]
    return layers


def _blocks(width: int, count: int) -> list[nn.Module]:
    return [Residual(width) for _ in range(count)]


class Residual(nn.Module):
    """x + conv(silu(conv(silu(x)))), both 3x3, with pre-activation (He et al. 2016); an identity before training."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, h, w) -> the same shape."""
        change: Tensor = self.second(nn.functional.silu(self.first(nn.functional.silu(x))))
        return x + change
