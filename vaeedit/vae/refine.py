"""Semi-amortized inference: gradient steps on latents, so that they decode closer to an image.

An encoder that serves all images is not optimal for a single one (the amortization gap, Cremer et al. 2018); gradient
steps on the latents of that image close a part of the gap (Kim et al. 2018).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from vaeedit.vae.latents import Latents
from vaeedit.vae.protocol import VAE

RATE = 0.06
"""Adam's first step size, in standard deviations of the prior; it falls linearly to zero."""


def refined(network: VAE, start: Latents, x: Tensor, steps: int) -> Latents:
    """The best points after `steps` of Adam (Kingma & Ba 2015) on the squared error to images x (B, C, H, W) in [0, 1].

    The steps start at the means of `start`. Channels that are zero everywhere stay zero, as they were left out on purpose;
    the context stays unchanged, too.
    """
    with torch.inference_mode(False), torch.enable_grad():
        target, context = x.clone(), _usable(start.context)
        points = [level.mean.float().clone() for level in start.levels]
        free = [(point != 0).any(dim=(0, 2, 3), keepdim=True).float() for point in points]
        for point in points:
            point.requires_grad_()
        adam = torch.optim.Adam(points, lr=RATE)
        falling = torch.optim.lr_scheduler.LinearLR(adam, 1.0, 0.0, steps)
        best, least = start, math.inf
        for _ in range(steps + 1):
            moved = [point * mask for point, mask in zip(points, free, strict=True)]
            latents = _at(replace(start, context=context), moved)
            # A sum: the gradients of a mean over many values would be as small as Adam's epsilon.
            error = (network.decode(latents).mean.float() - target).square().sum()
            if error.item() < least:
                best, least = _at(start, [point.detach().clone() for point in moved]), error.item()
            for point, slope in zip(points, torch.autograd.grad(error, points), strict=True):
                point.grad = slope
            adam.step()
            falling.step()
    return best


def _at(latents: Latents, points: Sequence[Tensor]) -> Latents:
    levels = [level.at(point) for level, point in zip(latents.levels, points, strict=True)]
    return replace(latents, levels=tuple(levels))


def _usable(value: Any) -> Any:
    """A copy of a context made in inference mode, whose tensors can take part in a computation with gradients."""
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, Mapping):
        return {name: _usable(part) for name, part in value.items()}
    return [_usable(part) for part in value] if isinstance(value, (list, tuple)) else value
