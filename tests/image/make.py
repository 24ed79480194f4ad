"""Pictures and metadata for the tests, made without vaeedit's own encoder."""

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import png
import tifffile
from PIL import Image, ImageCms

from vaeedit.image import Frame, Metadata

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF", "BMP")
DTYPES = {8: np.uint8, 16: np.uint16, 32: np.float32}
CHANNELS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}
DATE = "2021:03:04 05:06:07"
GPS = {1: "N", 2: (52.0, 30.0, 15.5), 3: "E", 4: (13.0, 24.0, 7.25)}
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r tiff:Orientation="%d" Rating="4"/></x:xmpmeta>'


def samples(mode: str, depth: int = 8, height: int = 13, width: int = 17, seed: int = 0) -> np.ndarray:
    """(H, W, C) noise over the whole range, so that a lost bit or a swapped channel shows."""
    rng = np.random.default_rng(seed)
    values = rng.random((height, width, CHANNELS[mode]))
    if depth == 32:
        return values.astype(np.float32)
    return np.rint(values * (2**depth - 1)).astype(DTYPES[depth])


def ramp(mode: str, height: int = 32, width: int = 48) -> np.ndarray:
    """8-bit (H, W, C) slopes, different in each channel, which lossy formats hold well."""
    rows, columns = np.mgrid[0:height, 0:width]
    slopes = [columns * 4, rows * 6, 255 - columns * 4, 120 + rows * 3]
    return np.stack(slopes[: CHANNELS[mode]], axis=2).astype(np.uint8)


def frame(values: np.ndarray, metadata: Metadata | None = None) -> Frame:
    alpha = values[:, :, -1] if values.shape[2] in (2, 4) else None
    pixels = values if alpha is None else values[:, :, :-1]
    return Frame(pixels, alpha, metadata or Metadata())


def joined(found: Frame) -> np.ndarray:
    """(H, W, C) with alpha last."""
    if found.alpha is None:
        return found.pixels
    return np.concatenate([found.pixels, found.alpha[:, :, None]], axis=2)


def pillow(values: np.ndarray, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(values[:, :, 0] if values.shape[2] == 1 else values)
    image.save(buffer, format, **options)
    return buffer.getvalue()


def png_16(values: np.ndarray, **options: Any) -> bytes:
    height, width, channels = values.shape
    buffer = io.BytesIO()
    writer = png.Writer(
        width, height, greyscale=channels < 3, alpha=channels in (2, 4), bitdepth=16, **options
    )
    writer.write(buffer, values.reshape(height, -1).tolist())
    return buffer.getvalue()


def tiff(values: np.ndarray, **options: Any) -> bytes:
    channels = values.shape[2]
    settings: dict[str, Any] = {
        "photometric": "rgb" if channels > 2 else "minisblack",
        "extrasamples": ["unassalpha"] if channels in (2, 4) else None,
        "planarconfig": "contig" if channels > 1 else None,
        "metadata": None,
    }
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values[:, :, 0] if channels == 1 else values, **{**settings, **options})
    return buffer.getvalue()


def opencv_tiff(values: np.ndarray, compression: int) -> bytes:
    """1 is none, 5 LZW, 8 deflate."""
    order = values if values.shape[2] == 1 else values[:, :, [2, 1, 0, 3][: values.shape[2]]]
    return cv2.imencode(".tif", order, [cv2.IMWRITE_TIFF_COMPRESSION, compression])[1].tobytes()


def exif(orientation: int | None = None) -> bytes:
    tags = Image.Exif()
    tags[0x010F] = "Maker"
    if orientation:
        tags[0x0112] = orientation
    tags.get_ifd(0x8769)[0x9003] = DATE
    tags.get_ifd(0x8769)[0x927C] = b"maker notes \0\1\2"
    tags.get_ifd(0x8825).update(GPS)
    return tags.tobytes()


def exif_values(block: bytes) -> dict[str, Any]:
    """The values in an EXIF block of the tags that `exif` writes."""
    tags = Image.Exif()
    tags.load(block)
    position = {tag: tags.get_ifd(0x8825)[tag] for tag in GPS}
    return {
        "make": tags[0x010F],
        "orientation": tags.get(0x0112, 1),
        "date": tags.get_ifd(0x8769)[0x9003],
        "notes": tags.get_ifd(0x8769)[0x927C],
        "gps": {tag: tuple(map(float, v)) if isinstance(v, tuple) else v for tag, v in position.items()},
    }


EXIF_VALUES = {"make": "Maker", "orientation": 1, "date": DATE, "notes": b"maker notes \0\1\2", "gps": GPS}


def icc() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def everything() -> Metadata:
    return Metadata(exif=exif(), icc=icc(), xmp=XMP % 1, dpi=(240.0, 240.0))


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def png_bomb(side: int, depth: int = 8) -> bytes:
    """A valid header that asks for side x side RGB pixels, and the first million bytes of them."""
    header = struct.pack(">LLBBBBB", side, side, depth, 2, 0, 0, 0)
    data = zlib.compress(bytes(1_000_000))
    chunks = [(b"IHDR", header), (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def real_files() -> dict[str, bytes]:
    """One valid file of every kind that has its own decoder."""
    files = {kind: pillow(ramp("RGB"), kind, exif=exif(6)) for kind in FORMATS if kind != "BMP"}
    files["BMP"] = pillow(ramp("RGB"), "BMP")
    files["PNG 16"] = png_16(samples("RGBA", 16))
    files["TIFF 16"] = tiff(samples("RGB", 16), compression="zlib", predictor=True)
    files["TIFF 16 plain"] = tiff(samples("LA", 16))
    files["TIFF 16 LZW"] = opencv_tiff(samples("RGB", 16), 5)
    files["TIFF 32"] = tiff(samples("RGB", 32))
    return files
