"""Decode a file into a Frame: source depth kept, orientation applied once, every failure a sentence.

Pillow decodes 8-bit files and all metadata. It reads 16-bit colour as 8-bit without a word, so files of 16
bits go through OpenCV (PNG) or tifffile (TIFF), after Pillow has vouched for their integrity.
"""

import io
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from vaeedit.errors import ImageError
from vaeedit.image.files import FORMATS
from vaeedit.image.frame import Frame, Metadata

MAX_PIXELS = 400_000_000
"""Larger pictures are refused before anything is decoded; VAEEDIT_MAX_PIXELS changes it."""

ORIENTATION = 0x0112
_TRANSPOSE = {
    2: (1, 0, 0),
    3: (1, 1, 0),
    4: (0, 1, 0),
    5: (0, 0, 1),
    6: (0, 1, 1),
    7: (1, 1, 1),
    8: (1, 0, 1),
}
"""EXIF orientation -> (flip columns, flip rows, then swap axes), applied in the order swap last."""

_lock = threading.Lock()


def read(path: str | os.PathLike[str]) -> Frame:
    """Read a picture file; raises ImageError."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}.") from error
    return read_bytes(data, str(path))


def read_bytes(data: bytes, name: str) -> Frame:
    """Decode the bytes of a picture file; `name` is for messages; raises ImageError."""
    if not data:
        raise ImageError(f"{name} is empty (0 bytes).")
    with _no_bomb_limit(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns about harmless metadata
        try:
            with Image.open(io.BytesIO(data)) as image:
                _check(image, name)
                return _decode(image, data, name)
        except ImageError:
            raise
        except UnidentifiedImageError:
            kinds = ", ".join(dict.fromkeys(FORMATS.values()))
            raise ImageError(f"{name} is not a picture in a known format ({kinds}).") from None
        except MemoryError:
            raise ImageError(f"{name} does not fit into memory.") from None
        except Exception as error:  # decoders raise anything on damaged data
            raise ImageError(f"{name} is damaged and cannot be decoded: {error}.") from error


def _check(image: Image.Image, name: str) -> None:
    limit = int(os.environ.get("VAEEDIT_MAX_PIXELS", MAX_PIXELS))
    if image.width * image.height > limit:
        raise ImageError(
            f"{name} has {image.width} x {image.height} pixels, over the limit of {limit:,}; "
            "if it is not a decompression bomb, raise VAEEDIT_MAX_PIXELS."
        )
    if image.format not in set(FORMATS.values()) | {"MPO"}:
        raise ImageError(f"{name} is a {image.format} file, a format vaeedit does not edit.")
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":
        raise ImageError(f"{name} holds {frames} pictures; split it first, one picture a file.")


def _decode(image: Image.Image, data: bytes, name: str) -> Frame:
    metadata, orientation = _metadata(image)
    deep = _is_16_bit(image, data)
    image.load()
    values: NDArray[Any] = _decode_16_bit(image, data) if deep else np.asarray(_plain(image))
    if values.ndim == 2:
        values = values[:, :, None]
    values = _oriented(values, orientation)
    alpha = values[:, :, -1] if values.shape[2] in (2, 4) else None
    pixels = values if alpha is None else values[:, :, :-1]
    return Frame(pixels, alpha, metadata)


def _plain(image: Image.Image) -> Image.Image:
    """L, LA, RGB or RGBA; palettes, bilevel and CMYK are expanded."""
    if image.mode in ("L", "LA", "RGB", "RGBA"):
        return image
    if image.mode == "1":
        return image.convert("L")
    if image.mode in ("P", "PA"):
        opaque = "transparency" not in image.info and image.mode == "P"
        return image.convert("RGB" if opaque else "RGBA")
    return image.convert("RGB")


def _is_16_bit(image: Image.Image, data: bytes) -> bool:
    if image.format == "PNG":
        return data[24] == 16  # bit depth in the IHDR chunk, which is always first
    if image.format == "TIFF":
        return bool(max(image.tag_v2.get(258, (8,))) == 16)  # type: ignore[attr-defined]
    return False


def _decode_16_bit(image: Image.Image, data: bytes) -> NDArray[Any]:
    import cv2

    if image.format == "TIFF" and image.mode not in ("I;16", "I;16B", "RGB", "RGBA"):
        import tifffile

        return np.asarray(tifffile.imread(io.BytesIO(data)))
    values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.dtype != np.uint16:
        raise ValueError("16-bit data could not be decoded")
    if values.ndim == 2:
        return values
    colour = values[:, :, 2::-1]  # BGR to RGB
    grey = image.format == "PNG" and data[25] in (0, 4)  # colour type in IHDR
    parts = [colour[:, :, :1] if grey else colour]
    if values.shape[2] == 4:
        parts.append(values[:, :, 3:])
    return np.concatenate(parts, axis=2)


def _metadata(image: Image.Image) -> tuple[Metadata, int]:
    """Raw metadata with the orientation tag reset, and the orientation to apply."""
    exif = image.getexif()
    raw = image.info.get("exif")
    orientation = int(exif.get(ORIENTATION, 1) or 1)
    if orientation != 1:
        exif[ORIENTATION] = 1
    if exif and (orientation != 1 or raw is None):
        raw = exif.tobytes()
    xmp = image.info.get("xmp")
    dpi = image.info.get("dpi")
    return (
        Metadata(
            exif=raw,
            icc=image.info.get("icc_profile"),
            xmp=xmp.encode() if isinstance(xmp, str) else xmp,
            dpi=(float(dpi[0]), float(dpi[1])) if dpi else None,
        ),
        orientation,
    )


def _oriented(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Apply an EXIF orientation to (H, W, C)."""
    columns, rows, swap = _TRANSPOSE.get(orientation, (0, 0, 0))
    if rows:
        values = values[::-1]
    if columns:
        values = values[:, ::-1]
    return values.swapaxes(0, 1) if swap else values


@contextmanager
def _no_bomb_limit() -> Iterator[None]:
    """Pillow's own limit refuses honest 200-megapixel photographs; `_check` has ours."""
    with _lock:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit
