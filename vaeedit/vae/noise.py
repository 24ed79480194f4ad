"""Standard normal noise as a function of seed and absolute position.

A counter-based generator (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): the value at
a position is a hash of (seed, stream, channel, row, column), so it is the same for any tile, batch size or
device.
"""

import torch
from torch import Tensor

_MIX_1 = 0xBF58476D1CE4E5B9 - (1 << 64)  # splitmix64's multipliers, as signed 64-bit integers
_MIX_2 = 0x94D049BB133111EB - (1 << 64)
_GOLDEN = 0x9E3779B97F4A7C15 - (1 << 64)


def gaussian_field(
    seed: int,
    stream: int,
    shape: tuple[int, int, int],
    origin: tuple[int, int] = (0, 0),
    device: torch.device | str = "cpu",
) -> Tensor:
    """Standard normal noise, float32 of `shape` (C, h, w), whose first element is at `origin` (row, column).

    Element [c, i, j] depends on (seed, stream, c, row + i, column + j) only. Any whole number is a valid seed.
    """
    channels, height, width = shape
    row, column = origin

    def counter(start: int, count: int) -> Tensor:
        return torch.arange(start, start + count, dtype=torch.int64, device=device)

    key = torch.tensor([(seed + 2**63) % 2**64 - 2**63], dtype=torch.int64, device=device)
    key = _mix(_mix(key) + stream * 2 + 1)
    key = _mix(key.view(1, 1, 1) + counter(0, channels).view(-1, 1, 1))
    key = _mix(key ^ (counter(row, height).view(1, -1, 1) * _GOLDEN))
    key = _mix(key ^ (counter(column, width).view(1, 1, -1) * _GOLDEN))
    # Box-Muller on the two 32-bit halves, in float64 so that devices agree to float32 rounding
    radius_uniform = (_shift(key, 32).double() + 0.5) / 2**32
    angle_uniform = (key & 0xFFFFFFFF).double() / 2**32
    radius = torch.sqrt(-2.0 * torch.log(radius_uniform))
    return (radius * torch.cos(2.0 * torch.pi * angle_uniform)).float()


def _shift(value: Tensor, bits: int) -> Tensor:
    """Logical right shift (torch's own keeps the sign)."""
    return (value >> bits) & ((1 << (64 - bits)) - 1)


def _mix(value: Tensor) -> Tensor:
    """The finalizer of splitmix64 (Steele et al. 2014)."""
    value = value + _GOLDEN
    value = (value ^ _shift(value, 30)) * _MIX_1
    value = (value ^ _shift(value, 27)) * _MIX_2
    return value ^ _shift(value, 31)
