"""Moving MNIST (Srivastava et al. 2015): clips of images that move at constant speed and bounce at the walls."""

import math

import torch
from torch import Tensor
from torch.nn.functional import pad

STEP = 0.1
"""Distance that an image moves in a frame, as a share of the room that it has in its frame."""


def moving(images: Tensor, frames: int, size: int, generator: torch.Generator | None = None) -> Tensor:
    """Clips (B, T, 1, size, size) in which N images each (B, N, h, w), in [0, 1], move; the brighter one shows.

    As in the generator of Srivastava et al., places and directions are uniform, an image stops at a wall and turns back
    in the next frame, and places are rounded down to whole pixels. Raises ValueError for images larger than the frame.
    """
    count, number, height, width = images.shape
    if max(height, width) > size:
        raise ValueError(f"images of {width}x{height} pixels do not fit into frames of {size}x{size}")
    places = paths((count, number), frames, generator, images.device)
    room = torch.tensor([size - height, size - width], device=images.device)
    corner = (places * room).long()
    wide = pad(images, (size - width, size - width, size - height, size - height))
    pixel = torch.arange(size, device=images.device)
    rows = (room[0] - corner[..., 0, None] + pixel)[..., :, None]
    columns = (room[1] - corner[..., 1, None] + pixel)[..., None, :]
    clip = torch.arange(count, device=images.device)[:, None, None, None]
    image = torch.arange(number, device=images.device)[None, :, None, None]
    seen = [wide[clip, image, rows[:, :, t], columns[:, :, t]].amax(1) for t in range(frames)]
    return torch.stack(seen, 1)[:, :, None]


def paths(
    shape: tuple[int, int], frames: int, generator: torch.Generator | None, device: torch.device
) -> Tensor:
    """Places (*shape, T, 2) in the unit square, of points that move by `STEP` in each frame."""
    place = torch.rand(*shape, 2, generator=generator, device=device)
    angle = 2 * math.pi * torch.rand(*shape, generator=generator, device=device)
    velocity = STEP * torch.stack([angle.sin(), angle.cos()], -1)
    places = []
    for _ in range(frames):
        place = place + velocity
        velocity = torch.where((place <= 0) | (place >= 1), -velocity, velocity)
        place = place.clamp(0, 1)
        places.append(place)
    return torch.stack(places, -2)
