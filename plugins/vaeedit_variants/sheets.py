"""Layers of a picture that move as a whole, (B, K, H, W): how they are moved, and how their motion is found."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

REACH = 5
"""Most pixels that a layer moves in a frame, along an axis, where its motion is found."""
CONTRAST = 10.0
"""How strongly a pixel prefers the layer that was expected to be brighter there."""


@dataclass(frozen=True)
class Sheets:
    """A state: h (B K, units), and layers (B, K, H, W) as last seen and where they are now, `shown`.

    `shift` since then and `motion` in the last frame are (B, K, 2), in pixels.
    """

    h: Tensor
    layers: Tensor
    shown: Tensor
    shift: Tensor
    motion: Tensor

    @property
    def places(self) -> Tensor:
        """Places (B K, 2) of the layers, rows and columns, from -1 to 1 in the frame."""
        half = torch.tensor(self.layers.shape[2:], device=self.layers.device) / 2
        return ((centers(self.layers) + self.shift) / half - 1).flatten(0, 1)


def moved(layers: Tensor, shift: Tensor) -> Tensor:
    """Layers (B, K, H, W) moved by `shift` (B, K, 2) pixels, rows and columns, with linear interpolation; dark comes in."""
    with torch.autocast(layers.device.type, enabled=False):
        rows, columns = (_places(side, shift[..., axis]) for axis, side in enumerate(layers.shape[2:]))
        return rows @ layers.float() @ columns.mT


def _places(side: int, shift: Tensor) -> Tensor:
    """Matrices (B, K, side, side) that move vectors by `shift` (B, K)."""
    index = torch.arange(side, device=shift.device)
    return (1 - (index[:, None] - index - shift.float()[..., None, None]).abs()).clamp_min(0)


def found(layer: Tensor, x: Tensor, mean: Tensor, std: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation (B, 2) of the motion of a layer (B, H, W) into an image x (B, H, W), in pixels.

    They are the moments of the posterior over whole shifts of at most `REACH` pixels: its logarithm is the prior's,
    N(mean, std^2), plus `weight` times the correlation of the moved layer with x.
    """
    # without wrapping around, and of a size that is fast
    sides = [-(-(side + REACH) // 16) * 16 for side in x.shape[1:]]
    product = torch.fft.rfft2(layer.float(), s=sides).conj() * torch.fft.rfft2(x.float(), s=sides)
    correlation = torch.fft.irfft2(product, s=sides).roll((REACH, REACH), (1, 2))
    shifts = torch.arange(-REACH, REACH + 1, device=x.device)
    prior = [-((shifts - mean[:, axis, None]) ** 2) / (2 * std[:, axis, None] ** 2) for axis in (0, 1)]
    near = correlation[:, : 2 * REACH + 1, : 2 * REACH + 1]
    scores = weight * near + prior[0][:, :, None] + prior[1][:, None, :]
    p = scores.flatten(1).softmax(1).view_as(scores)
    sums = torch.stack([p.sum(2), p.sum(1)], 1)  # of rows, of columns
    first, second = (sums * shifts).sum(2), (sums * shifts**2).sum(2)
    return first, (second - first**2).clamp_min(0).add(0.01).sqrt()


def divided(x: Tensor, expected: Tensor) -> Tensor:
    """An image x (B, 1, H, W) divided into layers (B, K, H, W), given how each was `expected`.

    A pixel belongs to the layer that was expected to be brightest around it, to several if they are equal; another layer
    keeps there what it was expected to be, but is nowhere brighter than x.
    """
    evidence = CONTRAST * avg_pool2d(expected, 3, 1, 1)
    share = (evidence - evidence.amax(1, keepdim=True)).exp()
    return share * x + (1 - share) * torch.minimum(expected, x)


def centers(layers: Tensor) -> Tensor:
    """Centers of mass (B, K, 2) of layers (B, K, H, W), rows and columns, in pixels."""
    mass = layers.sum((2, 3)) + 1e-3
    lines = layers.sum(3), layers.sum(2)
    return torch.stack(
        [(line * torch.arange(line.shape[2], device=line.device)).sum(2) / mass for line in lines], -1
    )


def composed(layers: Tensor) -> Tensor:
    """The frame (B, 1, H, W) that layers make: the brightest one shows."""
    return layers.amax(1, keepdim=True)
