"""Smooth random fields and smooth continuations, for the shapes and seams of synthetic defects."""

import torch
from torch import Generator, Tensor
from torch.nn import functional as F


def uniform(shape: tuple[int, ...], generator: Generator, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Uniform random numbers from `low` to `high`, float32 of this shape, on the generator's device."""
    numbers: Tensor = low + (high - low) * torch.rand(shape, generator=generator, device=generator.device)
    return numbers


def perlin(count: int, size: tuple[int, int], cells: tuple[int, int], generator: Generator) -> Tensor:
    """Gradient noise (Perlin 1985), (count, 1, *size), from about -0.7 to 0.7, with `cells` grid cells along each side."""
    angle = uniform((count, cells[0] + 1, cells[1] + 1), generator, 0.0, 2 * torch.pi)
    places, shares = zip(*(_cells(s, c, angle.device) for s, c in zip(size, cells, strict=True)), strict=True)
    (row, column), (y, x) = places, (shares[0][:, None], shares[1][None, :])

    def corner(down: int, right: int) -> Tensor:
        turned = angle[:, (row + down)[:, None], (column + right)[None, :]]
        slope: Tensor = turned.cos() * (x - right) + turned.sin() * (y - down)
        return slope

    fade_x, fade_y = _fade(x), _fade(y)
    top = torch.lerp(corner(0, 0), corner(0, 1), fade_x)
    bottom = torch.lerp(corner(1, 0), corner(1, 1), fade_x)
    return torch.lerp(top, bottom, fade_y)[:, None]


def _cells(size: int, cells: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """The cell of every pixel of a line, and its position in the cell, from 0 to 1."""
    place = (torch.arange(size, device=device) + 0.5) / size * cells
    cell = place.floor().clamp_max(cells - 1)
    return cell.long(), place - cell


def _fade(t: Tensor) -> Tensor:
    """Perlin's quintic polynomial, flat at both ends (2002)."""
    faded: Tensor = t**3 * (t * (6 * t - 15) + 10)
    return faded


def blobs(count: int, size: tuple[int, int], generator: Generator) -> Tensor:
    """Random regions, (count, 1, *size) of 0 and 1: Perlin noise of 1 to 32 cells a side above 1.5 standard deviations.

    This follows DRAEM (Zavrtanik et al. 2021), except that a threshold of 0.8 times the maximum applies if it is lower.
    """
    masks = []
    for _ in range(count):
        cells = [
            2 ** int(torch.randint(0, 6, (), generator=generator, device=generator.device)) for _ in "yx"
        ]
        field = perlin(1, size, (cells[0], cells[1]), generator)
        turns = int(torch.randint(4, (), generator=generator, device=generator.device))
        field = torch.rot90(field, turns, (2, 3)) if size[0] == size[1] else field
        masks.append((field > torch.minimum(0.8 * field.max(), 1.5 * field.std())).float())
    return torch.cat(masks)


def continued(values: Tensor, known: Tensor) -> Tensor:
    """Values (B, C, H, W) where `known` (B, 1, H, W) is 1, and their smooth continuation where it is 0; same shape.

    The pull-push pyramid (Gortler et al. 1996) approximates Poisson blending (Farbman et al. 2011). It averages 2x2 pixels,
    not the wide filter of `vaeedit.api.membrane`: with that filter, a small model in the tests calls whole images abnormal.
    """
    if min(values.shape[2:]) < 2:
        total = known.sum((2, 3), keepdim=True).clamp_min(1e-6)
        return torch.where(known > 0, values, (values * known).sum((2, 3), keepdim=True) / total)
    weight = F.avg_pool2d(known, 2, ceil_mode=True)
    pulled = F.avg_pool2d(values * known, 2, ceil_mode=True) / weight.clamp_min(1e-6)
    coarse = continued(pulled, (weight > 0).float())
    pushed = F.interpolate(coarse, size=values.shape[2:], mode="bilinear", align_corners=False)
    return torch.where(known > 0, values, pushed)
