"""Samples of more than 8 bits that Pillow reduces to 8: PNG, AVIF, JPEG 2000 and PPM, most of them by OpenCV."""

import re
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vaeedit.image.frame import Frame
from vaeedit.image.intact import bare_png

cv2.utils.logging.setLogLevel(
    cv2.utils.logging.LOG_LEVEL_SILENT
)  # errors are raised here, and not printed, too

_PPM = re.compile(rb"P([2356])" + rb"(?:\s|#[^\n]*\n)+(\d{1,9})" * 3 + rb"\s")
"""Kind, width, height and largest value of a PGM or PPM."""
SMALLEST = 32
"""Pixels a side of a JPEG 2000 file that OpenCV can write."""
_SIZ = b"\xff\x4f\xff\x51"
"""Start of a JPEG 2000 codestream and of its sizes."""


def peak_in(kind: str, data: bytes) -> int:
    """The value of white in a file of this kind, by its header; 255 for kinds that have 8 bits only."""
    if kind == "PNG":
        return 65535 if data[24:25] == b"\x10" else 255
    if kind == "AVIF":
        at = data.find(b"av1C")
        flags = data[at + 6] if 0 <= at < len(data) - 6 else 0
        return (4095 if flags & 0x20 else 1023) if flags & 0x40 else 255
    if kind == "JPEG2000":
        at = data.find(_SIZ) + 42
        return int((1 << (data[at] & 0x7F) + 1) - 1 if 42 <= at < len(data) else 255)
    header = _PPM.match(data) if kind == "PPM" else None
    return int(header[4]) if header else 255


def decode(kind: str, data: bytes, transparent: Any = None) -> NDArray[np.uint16]:
    """Samples (H, W, C), RGB and alpha last, scaled from the peak of the file to 65535; raises ValueError for damaged data.

    `transparent` is the color of a PNG that stands for transparency.
    """
    peak = peak_in(kind, data)
    values = _netpbm(data) if kind == "PPM" else _with_opencv(kind, data)
    if peak < 65535:
        values = np.rint(np.minimum(values, peak) * np.float32(65535 / peak)).astype(np.uint16)
    if transparent is not None:
        clear = (values == np.asarray(transparent)).all(axis=2, keepdims=True)
        values = np.concatenate([values[:, :, :3], np.where(clear, 0, 65535).astype(np.uint16)], axis=2)
    return values


def _with_opencv(kind: str, data: bytes) -> NDArray[np.uint16]:
    if kind == "PNG":
        gray = data[25] in (0, 4)  # color type in IHDR
        data = bare_png(data)
    values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.dtype != np.uint16:
        raise ValueError("data of more than 8 bits could not be decoded")
    values = values.reshape(*values.shape[:2], -1)
    if kind == "PNG" and gray:
        return np.concatenate([values[:, :, :1], values[:, :, 3:]], axis=2)
    return np.asarray(values[:, :, [2, 1, 0, 3][: values.shape[2]]] if values.shape[2] > 2 else values)


def _netpbm(data: bytes) -> NDArray[np.uint16]:
    header = _PPM.match(data)
    assert header is not None
    kind, width, height, _ = map(int, header.groups())
    count = width * height * (3 if kind in (3, 6) else 1)
    if kind < 5:
        values = np.array(data[header.end() :].split(maxsplit=count)[:count], np.uint16)
    else:
        values = np.frombuffer(data, ">u2", count, header.end()).astype(np.uint16)
    return values.reshape(height, width, -1)


def encode(frame: Frame, values: NDArray[np.uint16], format: str) -> bytes:
    """JPEG 2000 (lossless) or PPM of 16-bit values (H, W[, C]), without metadata; raises ValueError."""
    if format == "PPM":
        kind = 5 if frame.channels == 1 else 6
        return b"P%d\n%d %d\n65535\n" % (kind, frame.width, frame.height) + values.astype(">u2").tobytes()
    if min(frame.width, frame.height) < SMALLEST:
        raise ValueError(f"16 bits need {SMALLEST} pixels a side")
    if values.ndim == 3:
        values = values[:, :, [2, 1, 0, 3][: values.shape[2]]]  # OpenCV's order
    done, data = cv2.imencode(".jp2", values, [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000])
    if not done:
        raise ValueError("OpenCV cannot write it")
    return data.tobytes()
