"""Frame: an image in memory, with the metadata of its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from vaeedit.image.coding import Coding

BT601 = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue in luma."""
F = TypeVar("F", bound=np.floating[Any])

NOT_FINITE = "samples that are not finite numbers (NaN or infinity); replace them first."
"""The end of the sentence about a picture with such samples; no value for them is right for every purpose."""
Pixels = NDArray[Any]
"""uint8, uint16 or float32; the dtype is checked at run time."""


@dataclass(frozen=True)
class Metadata:
    """The metadata of a file as raw bytes; the EXIF orientation is already applied to the pixels."""

    exif: bytes | None = None
    """The EXIF block, without its orientation."""
    icc: bytes | None = None
    """The color profile; None is sRGB."""
    xmp: bytes | None = None
    """The XMP packet."""
    dpi: tuple[float, float] | None = None
    """Horizontal and vertical resolution in dots per inch."""
    photoshop: bytes | None = None
    """Photoshop's image resources, which hold IPTC, without thumbnails."""
    comments: tuple[bytes, ...] = ()
    """Comments of JPEG and GIF."""
    chunks: tuple[bytes, ...] = ()
    """Chunks of PNG that may be copied, such as texts: kind and content of each."""
    coding: Coding | None = field(default=None, compare=False)
    """How the file was compressed."""


@dataclass(frozen=True)
class Estimated:
    """A condition that the VAE estimates from the image itself, times a factor."""

    times: float = 1.0
    """The factor, at least 0."""


Condition = float | NDArray[np.float32] | Estimated
"""An additional input of a conditional VAE: one value, a map (H, W), or an estimate by the VAE itself."""


@dataclass(frozen=True, repr=False)
class Frame:
    """Pixels (H, W, C), C = 1 (gray) or 3 (RGB), in the depth of their source; no method rescales them implicitly.

    The whole range of uint8 or uint16 represents [0, 1]; float32 is in [0, 1] itself (a noisy observation may go
    beyond). `alpha` (H, W) has the pixels' dtype. `conditions` are for the VAE; `std` (H, W, C), if present, is the
    standard deviation of each value, in units of [0, 1]. Raises ValueError for pixels of another shape or dtype.
    """

    pixels: Pixels
    """(H, W, 1) or (H, W, 3), uint8, uint16 or float32."""
    alpha: Pixels | None = None
    metadata: Metadata = field(default_factory=Metadata)
    """The metadata of its file."""
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    std: NDArray[np.float32] | None = None
    damage: str = ""
    """The fault of the file it was read from, if damaged files are accepted."""
    warnings: tuple[str, ...] = ()
    """What of the file is not in the frame, or is in it in another way: sentences that can follow "NAME: "."""

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] not in (1, 3):
            raise ValueError(f"pixels must be (H, W, 1) or (H, W, 3), not {self.pixels.shape}")
        if self.pixels.dtype not in (np.uint8, np.uint16, np.float32):
            raise ValueError(f"pixels must be uint8, uint16 or float32, not {self.pixels.dtype}")

    def __repr__(self) -> str:
        return f"<Frame {self.title}>"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Pixels:
        """`np.asarray(frame)`: a copy of the `samples`."""
        return self.samples.astype(dtype or self.pixels.dtype)

    def _repr_png_(self) -> bytes:
        """The image as a notebook displays it."""
        from vaeedit.image.display import png_of

        return png_of(self)

    @property
    def title(self) -> str:
        """Size, mode and depth in words: 640x480 RGB, 8 bits."""
        return f"{self.width}x{self.height} {self.mode}, {self.depth} bits"

    @property
    def samples(self) -> Pixels:
        """The values: (H, W) for gray, else (H, W, C) with alpha as the last channel."""
        if self.alpha is not None:
            return np.dstack([self.pixels, self.alpha])
        return np.ascontiguousarray(self.pixels[:, :, 0] if self.channels == 1 else self.pixels)

    @property
    def image(self) -> Image.Image:
        """A Pillow image of 8 bits, with the metadata in its `info`."""
        from PIL import Image

        image = Image.fromarray(self.as_depth(8).samples)
        kept = {"icc_profile": self.metadata.icc, "exif": self.metadata.exif, "dpi": self.metadata.dpi}
        image.info.update({name: value for name, value in kept.items() if value})
        return image

    @property
    def tensor(self) -> torch.Tensor:
        """A torch tensor (C, H, W) of float32 in [0, 1], on the CPU; alpha is the last channel."""
        import torch

        values = self.as_depth(32).samples.reshape(self.height, self.width, -1)
        return torch.from_numpy(np.moveaxis(values, 2, 0).copy())

    @property
    def height(self) -> int:
        """Number of rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Number of columns."""
        return int(self.pixels.shape[1])

    @property
    def channels(self) -> int:
        """1 for gray, 3 for RGB; alpha is not counted."""
        return int(self.pixels.shape[2])

    @property
    def mode(self) -> str:
        """L, LA, RGB or RGBA."""
        return ("L" if self.channels == 1 else "RGB") + ("" if self.alpha is None else "A")

    @property
    def depth(self) -> int:
        """Bits per value: 8, 16 or 32."""
        return self.pixels.dtype.itemsize * 8

    def floats(
        self, rows: NDArray[np.intp] | None = None, columns: NDArray[np.intp] | None = None
    ) -> NDArray[np.float32]:
        """The pixels as float32 (h, w, C) in [0, 1], at the given row and column indices (all by default)."""
        part = self.pixels if rows is None else self.pixels[rows]
        part = part if columns is None else part[:, columns]
        return part.astype(np.float32) / np.float32(self.peak)

    @property
    def peak(self) -> float:
        """The pixel value that represents 1: 255, 65535 or 1."""
        return peak_of(self.pixels.dtype)

    def as_depth(self, bits: int) -> Frame:
        """The same image with 8, 16 or 32 bits per value, rounded to the nearest step."""
        dtype = np.dtype({8: np.uint8, 16: np.uint16, 32: np.float32}[bits])
        if dtype == self.pixels.dtype:
            return self
        alpha = self.alpha
        if alpha is not None:
            alpha = from_floats(alpha.astype(np.float32) / np.float32(self.peak), dtype)
        return replace(self, pixels=from_floats(self.floats(), dtype), alpha=alpha)

    def as_uint8(self) -> NDArray[np.uint8]:
        """The pixels (H, W, C) rounded to 8 bits."""
        return self.as_depth(8).pixels

    def with_floats(self, values: NDArray[np.float32]) -> Frame:
        """The same image with other values (H, W, C) in [0, 1], clipped and rounded to its depth.

        Values (H, W), as OpenCV returns them, are those of a gray image. Raises ValueError for values that are not finite:
        NaN would become black.
        """
        shaped = values[..., None] if values.ndim == 2 and self.channels == 1 else values
        return replace(self, pixels=from_floats(shaped, self.pixels.dtype))

    def with_conditions(self, **conditions: Condition) -> Frame:
        """The same image with conditions for the VAE added."""
        return replace(self, conditions={**self.conditions, **conditions})


def frozen(frame: Frame) -> Frame:
    """The frame with arrays that cannot be written to, views of the same memory; the same object if it is so already."""
    arrays = {name: getattr(frame, name) for name in ("pixels", "alpha", "std")}
    views = {
        name: array.view() for name, array in arrays.items() if array is not None and array.flags.writeable
    }
    for view in views.values():
        view.flags.writeable = False
    return replace(frame, **views) if views else frame


def peak_of(dtype: np.dtype[Any]) -> float:
    """The value that represents 1 in a dtype: 255, 65535 or, for float32, 1."""
    return 1.0 if dtype == np.float32 else float(np.iinfo(dtype).max)


def from_floats(values: NDArray[np.floating[Any]], dtype: np.dtype[Any]) -> Pixels:
    """Values of any shape, clipped to [0, 1], as uint8, uint16 or float32, rounded to the nearest step of `dtype`.

    Raises ValueError for values that are not finite: NaN would become black.
    """
    if not np.isfinite(values).all():
        raise ValueError("pixel values that are not finite numbers")
    clipped: Pixels = np.clip(values, 0.0, 1.0)
    if dtype == np.float32:
        return clipped.astype(np.float32)
    rounded: Pixels = np.rint(clipped * np.float32(peak_of(dtype))).astype(dtype)
    return rounded


def plausible_dpi(across: Any, down: Any, unit: float = 1.0) -> tuple[float, float] | None:
    """A resolution in dots per `unit` inches as dots per inch; None if it is no number, or one that formats cannot hold."""
    try:
        dpi = float(across) * unit, float(down) * unit
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return dpi if all(0 < value < 65536 for value in dpi) else None


def luma(x: NDArray[F]) -> NDArray[F]:
    """Luma (H, W) of gray or RGB values (H, W, 1 or 3), in their range and dtype (ITU-R BT.601)."""
    gray: NDArray[F] = x[..., 0] if x.shape[2] == 1 else x @ BT601.astype(x.dtype)
    return np.ascontiguousarray(gray)
