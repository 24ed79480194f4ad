"""Images of a data source or of files, as a VAE sees them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vaeedit.api import (
    Frame,
    ImageError,
    LoadedVae,
    Source,
    UsageError,
    console,
    open_source,
    read,
    readable,
    working,
)
from vaeedit_show.sheet import Pixels

Data = str | Path | Source
LARGEST = 512
"""Largest width or height of an image, in pixels: pictures of latents hold many images."""
NONE = -1
"""The label of an image that has none, and of no class in particular."""


@dataclass(frozen=True)
class Seen:
    """One image (H, W, C) that suits a VAE, from 0 to 255, with its label or `NONE`."""

    pixels: Pixels
    label: int
    name: str

    @property
    def x(self) -> Tensor:
        """The image (1, C, H, W) in [0, 1]."""
        return torch.from_numpy(self.pixels.copy()).permute(2, 0, 1)[None].float() / 255


def source_of(data: Data) -> Source:
    """The data source itself, or the one that a path holds."""
    return data if isinstance(data, Source) else open_source(Path(data))


def seen(vae: LoadedVae, data: Data, split: str, crop: int | None = None) -> Iterator[Seen]:
    """The images of a split, in order, with `crop` the central square of so many pixels; damaged ones are left out.

    Raises ImageError for an image that is too large, or that the VAE does not take.
    """
    for example, pixels in readable(source_of(data).split(split).examples(), console.warn):
        yield _suited(vae, _cropped(pixels, crop), example.label, example.name)


def picture(
    vae: LoadedVae, image: str | Path | int, data: Data | None, split: str, label: int = NONE
) -> Seen:
    """The image in a file, or the one of this number in a split of the data, from 0. Raises UsageError or ImageError."""
    if str(image).isdecimal():
        if data is None:
            raise UsageError(
                f"The image {image} is a number: name the data that holds it, or a picture's file."
            )
        source, number = source_of(data), int(str(image))
        example = next(islice(source.split(split).examples(), number, None), None)
        if example is None:
            raise UsageError(f"{source.path} has no image {number} in its split {split}; numbers begin at 0.")
        return _suited(vae, example.load(), example.label if label == NONE else label, example.name)
    return _suited(vae, working(read(str(image))).as_uint8(), label, str(image))


def _suited(vae: LoadedVae, pixels: Pixels, label: int, name: str) -> Seen:
    height, width = pixels.shape[:2]
    if max(height, width) > LARGEST:
        raise ImageError(
            f"{name} has {width}x{height} pixels, and pictures of latents take images of up to {LARGEST}x{LARGEST}; crop it, "
            "or use an operation for photographs, such as vary or interpolate."
        )
    try:
        vae.require_suitable(Frame(pixels))
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from None
    shape = (height, width, vae.network.channels)
    return Seen(np.ascontiguousarray(np.broadcast_to(pixels, shape)), label, name)  # gray is repeated


def _cropped(pixels: Pixels, side: int | None) -> Pixels:
    if side is None:
        return pixels
    top, left = (max(0, (size - side) // 2) for size in pixels.shape[:2])
    return pixels[top : top + side, left : left + side]
