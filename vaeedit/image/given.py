"""Pictures as Python code has them: names, bytes, open files, arrays, tensors and Pillow images; each becomes a Frame."""

import os
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vaeedit.errors import ImageError, caution
from vaeedit.image.decode import read, read_bytes, read_image
from vaeedit.image.frame import NOT_FINITE, Frame, Pixels
from vaeedit.limits import PICTURE, read_stream

if TYPE_CHECKING:
    import torch

Picture: TypeAlias = (
    "Frame | str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image.Image | NDArray[Any]"
    " | torch.Tensor"
)
BEYOND = 1.0
"""How far floats may lie outside [0, 1], as noisy ones do; those that lie farther have another range."""


def frame_of(picture: Any) -> Frame:
    """The frame of a picture of any kind; raises ImageError with what is wrong.

    A name is read as a file, and so are bytes and files that are open in binary mode. Arrays are (H, W) or (H, W, C) with
    1 to 4 channels (gray, gray with alpha, RGB, RGB with alpha) of uint8, uint16 or floats in [0, 1]; tensors the same as
    (H, W), (C, H, W) or (1, C, H, W).
    """
    match picture:
        case Frame():
            if picture.pixels.dtype == np.float32:
                _require_finite(picture.samples, "Frame")
            return picture
        case str() | os.PathLike():
            return _said(read(picture), str(picture))
        case bytes() | bytearray() | memoryview():
            return _said(read_bytes(bytes(picture), "The data"), "The data")
        case Image.Image():
            return _said(read_image(picture), "The Pillow image")
    if hasattr(picture, "read"):
        return _of_file(picture)
    if hasattr(picture, "detach"):
        return _of_array(_channels_last(picture), "tensor", "(C, H, W)")
    if hasattr(picture, "__array__"):
        return _of_array(np.asarray(picture), "array", "(H, W, C)")
    raise ImageError(
        "A picture is a file name, bytes, a file open in binary mode, a NumPy array, a torch tensor, a Pillow image, "
        f"a Frame or a Result, not {type(picture).__name__}."
    )


def _said(frame: Frame, name: str) -> Frame:
    """The frame, after its warnings."""
    caution(f"{name}: {text}" for text in frame.warnings)
    return frame


def _of_file(file: Any) -> Frame:
    name = str(getattr(file, "name", "The open file"))
    try:
        return _said(read_bytes(read_stream(file, name, PICTURE), name), name)
    except TypeError:
        raise ImageError(f"{name} is open in text mode; open it with the mode 'rb'.") from None


def _channels_last(tensor: Any) -> NDArray[Any]:
    """(H, W), (C, H, W) or (1, C, H, W) -> (H, W) or (H, W, C); raises ImageError for a batch of several."""
    if tensor.ndim == 4:
        if tensor.shape[0] != 1:
            raise ImageError(
                f"The tensor holds {tensor.shape[0]} pictures; give them one by one: tensor[0], ..."
            )
        tensor = tensor[0]
    tensor = tensor.detach().cpu()
    array: NDArray[Any] = (tensor.float() if tensor.is_floating_point() else tensor).numpy()
    return np.moveaxis(array, 0, 2) if array.ndim == 3 else array


def _of_array(array: NDArray[Any], kind: str, layout: str) -> Frame:
    """The frame of (H, W) or (H, W, C), a copy; `kind` and `layout` are what the user gave, for messages."""
    values = array[..., None] if array.ndim == 2 else array
    if values.ndim != 3 or not 1 <= values.shape[2] <= 4 or not values.size:
        shape = "x".join(map(str, np.shape(array))) or "no dimensions"
        where = f"; in a tensor, channels come first {layout}" if kind == "tensor" else ""
        where = f"; channels come last, {layout}" if kind == "array" and values.ndim == 3 else where
        raise ImageError(f"The {kind} is not a picture of 1 to 4 channels: its shape is {shape}{where}.")
    values = _in_depth(np.ascontiguousarray(values), kind)
    if values.shape[2] in (1, 3):
        return Frame(values)
    return Frame(values[:, :, :-1], values[:, :, -1])


def _require_finite(values: NDArray[Any], kind: str) -> None:
    if not np.isfinite(values).all():
        raise ImageError(f"The {kind} holds {NOT_FINITE}")


def _in_depth(values: NDArray[Any], kind: str) -> Pixels:
    """A copy of the values as uint8, uint16 or float32; raises ImageError for others."""
    sort, size = values.dtype.kind, values.dtype.itemsize
    if sort == "u" and size <= 2:
        return values.astype((np.uint8, np.uint16)[size - 1])
    if sort != "f":
        raise ImageError(
            f"The {kind} holds {values.dtype}; a picture is uint8 (0 to 255), uint16 (0 to 65535) or float (0 to 1)."
        )
    _require_finite(values, kind)
    low, high = float(values.min()), float(values.max())
    if not (low >= -BEYOND and high <= 1 + BEYOND):
        raise ImageError(f"The {kind} holds floats from {low:.4g} to {high:.4g}; scale them to 0 to 1.")
    if low < 0 or high > 1:
        caution(
            [f"The {kind} holds floats from {low:.4g} to {high:.4g}; those outside 0 to 1 count as noise."]
        )
    return values.astype(np.float32)
