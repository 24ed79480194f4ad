"""Small pictures with known pixels, in every way of its own in which vaeedit decodes a file."""

import io
import random
from functools import cache
from typing import Any

import cv2
import numpy as np
import png
import tifffile
from PIL import Image

CHANNELS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}
JPEG, PNG, TIFF = "JPEG", "PNG", "TIFF"
COMPRESSIONS = {"none": None, "lzw": "tiff_lzw", "packbits": "packbits", "deflate": "tiff_adobe_deflate"}


def values(mode: str, depth: int, side: int, seed: int) -> np.ndarray:
    """(H, W, C): a scene with slopes, flat parts and noise, so that compressed rows differ in length."""
    rng = np.random.default_rng(seed)
    height, width = int(rng.integers(side // 2, side + 1)), int(rng.integers(side // 2, side + 1))
    rows, columns = np.mgrid[0:height, 0:width] / side
    layers = [rows * (index + 1) % 1 * 0.6 + columns * 0.4 for index in range(CHANNELS[mode])]
    scene = np.stack(layers, axis=2) * 0.9
    scene[: height // 4, : width // 3] = 0.5
    scene[height // 2 :] += rng.random((height - height // 2, width, scene.shape[2])) * 0.1
    if depth == 32:
        return scene.clip(0, 1).astype(np.float32)
    return np.rint(scene.clip(0, 1) * (2**depth - 1)).astype(np.uint8 if depth == 8 else np.uint16)


def saved(pixels: np.ndarray, format: str, **options: Any) -> bytes:
    """8 bits, by Pillow."""
    buffer = io.BytesIO()
    Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels).save(buffer, format, **options)
    return buffer.getvalue()


def png_file(pixels: np.ndarray, *, interlaced: bool = False) -> bytes:
    """8 or 16 bits, by pypng."""
    height, width, channels = pixels.shape
    buffer = io.BytesIO()
    depth = pixels.dtype.itemsize * 8
    writer = png.Writer(
        width,
        height,
        greyscale=channels < 3,
        alpha=channels in (2, 4),
        bitdepth=depth,
        interlace=interlaced,
        chunk_limit=512,
    )
    rows = pixels.reshape(height, -1).tolist()
    writer.write_array(buffer, pixels.ravel().tolist()) if interlaced else writer.write(buffer, rows)
    return buffer.getvalue()


def tiff_file(pixels: np.ndarray, compression: str, *, rows: int = 16, tile: int = 0) -> bytes:
    """Any depth; LZW and packed bits beyond 8 bits by OpenCV, the rest by tifffile."""
    channels = pixels.shape[2]
    if compression in ("lzw", "packbits") and pixels.dtype == np.uint8:
        return saved(
            pixels, "TIFF", compression=COMPRESSIONS[compression], strip_size=rows * pixels[0].nbytes
        )
    if compression in ("lzw", "packbits"):
        order = pixels if channels < 3 else pixels[:, :, [2, 1, 0, 3][:channels]]
        code = {"lzw": 5, "packbits": 32773}[compression]
        settings = [cv2.IMWRITE_TIFF_COMPRESSION, code, cv2.IMWRITE_TIFF_ROWSPERSTRIP, rows]
        return cv2.imencode(".tif", order, settings)[1].tobytes()
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        pixels.squeeze(2) if channels == 1 else pixels,
        photometric="rgb" if channels > 2 else "minisblack",
        planarconfig="contig" if channels > 1 else None,
        extrasamples=["unassalpha"] if channels in (2, 4) else None,
        compression="zlib" if compression == "deflate" else None,
        predictor=compression == "deflate" and pixels.dtype != np.float32,
        metadata=None,
        **({"tile": (tile, tile)} if tile else {"rowsperstrip": rows}),
    )
    return buffer.getvalue()


def exif() -> bytes:
    """With nested directories, for the parsers of metadata."""
    tags = Image.Exif()
    tags[0x010F], tags[0x0112] = "Maker", 6
    tags.get_ifd(0x8769)[0x927C] = b"maker notes \0\1\2"
    tags.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 15.5)})
    return tags.tobytes()


@cache
def original(kind: str, seed: int) -> bytes:
    """A JPEG, PNG or TIFF; the same seed gives the same file."""
    rng = random.Random(seed)
    mode = rng.choice(["L", "RGB"] if kind == JPEG else ["L", "RGB", "RGBA"])
    pixels = values(mode, 8 if kind == JPEG else rng.choice([8, 16]), rng.choice([32, 64, 128]), seed)
    if kind == JPEG:
        return saved(pixels, JPEG, quality=rng.choice([60, 85, 95]), progressive=rng.random() < 0.5)
    if kind == PNG:
        return png_file(pixels, interlaced=rng.random() < 0.3)
    return tiff_file(pixels, rng.choice(list(COMPRESSIONS)), rows=rng.choice([8, 16, 64]))
