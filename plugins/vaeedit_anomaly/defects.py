"""Synthetic defects: normal images are damaged at known places, and a restorer learns to repair them.

Every kind of defect is a function of normal images x (B, C, H, W) in [0, 1], of other normal images `donors` of the same
shape as material, and of a generator. It returns damaged images (B, C, H, W) in [0, 1] and labels (B, 1, H, W) in [0, 1]:
how visible the change of each pixel is.
"""

import math
from collections.abc import Callable

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from vaeedit.api import is_gray, local_mean
from vaeedit_anomaly.perlin import blobs, continued, uniform

Spoiled = tuple[Tensor, Tensor]
"""Damaged images and their labels."""
VISIBLE = 0.03
"""Change of a value in [0, 1] with the label 1 - 1/e; normal images differ from each other by smaller changes."""


def label(x: Tensor, spoiled: Tensor, mask: Tensor) -> Tensor:
    """Visibility (B, 1, H, W) in [0, 1] of the change from x to `spoiled`, (B, C, H, W), inside `mask` (B, 1, H, W).

    A blur closes places where the change is small by chance (like the labels of NSA, Schlueter et al. 2022).
    """
    change = (spoiled - x).abs().amax(1, keepdim=True) * mask
    near = local_mean(change, 2)
    return (1 - torch.exp(-near / VISIBLE)) * mask


def patches(x: Tensor, donors: Tensor, generator: Generator) -> Spoiled:
    """Pastes one to three patches of other normal images, resized (NSA, Schlueter et al. 2022).

    Half of the images get seamless borders; the others get hard borders and patches with another brightness and contrast
    (CutPaste, Li et al. 2021).
    """
    spoiled, mask = x, torch.zeros_like(x[:, :1])
    seamless = uniform((len(x), 1, 1, 1), generator) < 0.5
    for number in range(3):
        wanted = (uniform((len(x), 1, 1, 1), generator) < (1.0, 0.5, 0.25)[number]).float()
        here = _shapes(len(x), (x.shape[2], x.shape[3]), generator) * wanted
        piece = _moved(donors, generator)
        fitted = piece + continued(spoiled - piece, 1 - here)
        piece = torch.where(seamless, fitted, _jittered(piece, generator))
        spoiled = torch.lerp(spoiled, piece, here)
        mask = torch.maximum(mask, here)
    spoiled = spoiled.clamp(0, 1)
    return spoiled, label(x, spoiled, mask)


def textures(x: Tensor, donors: Tensor, generator: Generator) -> Spoiled:
    """Adds Perlin-shaped regions of another texture with random opacity (DRAEM, Zavrtanik et al. 2021).

    DRAEM takes the textures from a data set; here they are normal images, rotated, mirrored, resized and changed in
    brightness and contrast.
    """
    mask = blobs(len(x), (x.shape[2], x.shape[3]), generator)
    opaque = uniform((len(x), 1, 1, 1), generator, 0.2, 1.0)
    changed = _jittered(_moved(donors, generator, turned=True), generator).clamp(0, 1)
    spoiled = torch.lerp(x, changed, mask * opaque)
    return spoiled, label(x, spoiled, mask)


def grids(x: Tensor, donors: Tensor, generator: Generator) -> Spoiled:
    """Replaces random cells of a grid by the image's mean (inpainting, RIAD, Zavrtanik et al. 2021)."""
    height, width = x.shape[2:]
    mask = torch.zeros_like(x[:, :1])
    for index in range(len(x)):
        side = 2 ** int(torch.randint(2, 6, (), generator=generator, device=x.device))
        shape = (1, 1, -(-height // side), -(-width // side))
        cells = (uniform(shape, generator) < float(uniform((), generator, 0.05, 0.33))).float()
        mask[index] = F.interpolate(cells, scale_factor=side, mode="nearest")[0, :, :height, :width]
    spoiled = torch.lerp(x, x.mean((2, 3), keepdim=True), mask)
    return spoiled, label(x, spoiled, mask)


def noise(x: Tensor, donors: Tensor, generator: Generator) -> Spoiled:
    """Adds white noise, or blur, of random strength to Perlin-shaped regions."""
    mask = blobs(len(x), (x.shape[2], x.shape[3]), generator)
    level = torch.exp(uniform((len(x), 1, 1, 1), generator, -4.0, -1.5))  # 0.02 to 0.22
    white = torch.randn(x.shape, generator=generator, device=x.device)
    white = torch.where(is_gray(x), white[:, :1], white)
    radius = 1 + int(torch.randint(4, (), generator=generator, device=x.device))
    soft = local_mean(x, radius)
    blurred = uniform((len(x), 1, 1, 1), generator) < 0.25
    spoiled = torch.lerp(x, torch.where(blurred, soft, x + level * white).clamp(0, 1), mask)
    return spoiled, label(x, spoiled, mask)


def none(x: Tensor, donors: Tensor, generator: Generator) -> Spoiled:
    """Changes nothing, with labels (B, 1, H, W) of 0: the restorer must not change normal images."""
    return x, torch.zeros_like(x[:, :1])


KINDS: dict[str, tuple[Callable[[Tensor, Tensor, Generator], Spoiled], float]] = {
    "patches": (patches, 0.35),
    "textures": (textures, 0.3),
    "grids": (grids, 0.1),
    "noise": (noise, 0.1),
    "none": (none, 0.15),
}
"""Each kind of defect and its share of the images."""


def spoil(x: Tensor, generator: Generator) -> Spoiled:
    """Damage each image of a batch x (B, C, H, W) in [0, 1] by a random kind; material comes from the batch's other images.

    Returns damaged images and labels, as every kind does.
    """
    shares = torch.tensor([share for _, share in KINDS.values()], device=x.device)
    drawn = torch.multinomial(shares, len(x), replacement=True, generator=generator)
    spoiled, labels = x.clone(), torch.zeros_like(x[:, :1])
    donors = x.roll(1 + int(torch.randint(max(len(x) - 1, 1), (), generator=generator, device=x.device)), 0)
    for number, (kind, _) in enumerate(KINDS.values()):
        chosen = drawn == number
        if chosen.any():
            spoiled[chosen], labels[chosen] = kind(x[chosen], donors[chosen], generator)
    return spoiled, labels


def _shapes(count: int, size: tuple[int, int], generator: Generator) -> Tensor:
    """One rectangle or ellipse per image, at any angle, as masks (count, 1, H, W) of 0 and 1.

    The sides of one half follow a Gamma distribution, as in NSA; the others are small or thin, like pinholes and scratches.
    """
    height, width = size
    rows = torch.arange(height, device=generator.device).view(1, 1, -1, 1) + 0.5
    columns = torch.arange(width, device=generator.device).view(1, 1, 1, -1) + 0.5
    low, high = math.log(1.0), math.log(0.25 * min(size))
    small = uniform((count, 1, 1, 1), generator) < 0.5
    half_y, half_x = (
        torch.where(
            small,
            uniform((count, 1, 1, 1), generator, low, high).exp(),
            (0.03 + 0.05 * _gamma_two(count, generator)).clamp_max(0.45) * min(size),
        )
        for _ in "yx"
    )
    center_y, center_x = (uniform((count, 1, 1, 1), generator, 0, extent) for extent in size)
    angle = uniform((count, 1, 1, 1), generator, 0, torch.pi)
    down, right = rows - center_y, columns - center_x
    y = (angle.cos() * down + angle.sin() * right) / half_y
    x = (angle.cos() * right - angle.sin() * down) / half_x
    round_ = uniform((count, 1, 1, 1), generator) < 0.5
    inside = torch.where(round_, y**2 + x**2 < 1, (y.abs() < 1) & (x.abs() < 1))
    return inside.float()


def _moved(donors: Tensor, generator: Generator, *, turned: bool = False) -> Tensor:
    """Donors resized by 0.7 to 1.3, shifted by up to half their size, mirrored at random; `turned` rotates them too."""
    count = len(donors)
    scale = uniform((count,), generator, 0.7, 1.3)
    angle = uniform((count,), generator, -torch.pi, torch.pi) if turned else torch.zeros_like(scale)
    mirrored = torch.where(uniform((count,), generator) < 0.5, -1.0, 1.0)
    shift = uniform((2, count), generator, -1.0, 1.0)
    first = torch.stack([angle.cos() * scale * mirrored, -angle.sin() * scale, shift[0]], 1)
    second = torch.stack([angle.sin() * scale * mirrored, angle.cos() * scale, shift[1]], 1)
    grid = F.affine_grid(torch.stack([first, second], 1), list(donors.shape), align_corners=False)
    return F.grid_sample(donors, grid.to(donors), padding_mode="reflection", align_corners=False)


def _gamma_two(count: int, generator: Generator) -> Tensor:
    """Gamma(2, 1): the sum of two exponentials."""
    return -uniform((2, count, 1, 1, 1), generator, 1e-6, 1.0).log().sum(0)


def _jittered(x: Tensor, generator: Generator) -> Tensor:
    """x with another contrast and with its brightness changed by up to four standard deviations; not clipped."""
    gain = torch.exp(uniform((len(x), 1, 1, 1), generator, -1.0, 1.0))
    center = x.mean((2, 3), keepdim=True)
    spread = x.std((1, 2, 3), keepdim=True).clamp_min(VISIBLE)
    shift = spread * 4 * uniform((len(x), x.shape[1], 1, 1), generator, -1.0, 1.0)
    shift = torch.where(is_gray(x), shift[:, :1], shift)
    return (x - center) * gain + center + shift
