"""JPEG XL, by pyjpegxl (an extra)."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from vaeedit.image.coding import Coding
from vaeedit.image.exif import reset_exif
from vaeedit.image.files import library
from vaeedit.image.frame import Frame, Metadata, Pixels
from vaeedit.image.gate import Gate
from vaeedit.image.jxl_header import header_of
from vaeedit.image.orientation import reset_xmp

MAGIC = (b"\xff\x0a", b"\0\0\0\x0cJXL ")
"""First bytes of a bare codestream, and of a container."""


def decode(data: bytes, name: str, gate: Gate) -> tuple[Pixels, Metadata]:
    """Samples (H, W, C) in 8 or 16 bits, with the orientation applied, and the metadata; raises ImageError."""
    jxl = library("JXL", f"Reading {name}")
    about = jxl.probe(data)
    channels = about.num_color_channels + about.has_alpha
    gate.admit("JPEG XL", about.width, about.height, 1, channels * -(-about.bits_per_sample // 8))
    header = header_of(data)
    if header.animated:
        gate.warnings.append("It is animated; only its first frame is edited.")
    is_float = about.bits_per_sample > 16
    if is_float:
        gate.warnings.append("Its samples of 32 bits are read as 16.")
    about, values = jxl.decode_to_numpy(data, dtype="uint16" if is_float else None)
    exif = reset_exif(b"Exif\0\0" + about.exif.removeprefix(b"Exif\0\0")) if about.exif else None
    return values, Metadata(
        exif=exif,
        icc=about.icc,
        xmp=reset_xmp(about.xmp) if about.xmp else None,
        coding=Coding("JXL", lossless=header.lossless),
    )


def encode(frame: Frame, values: NDArray[Any], settings: Mapping[str, Any]) -> bytes:
    """A JPEG XL file of values (H, W[, C]) of 8 or 16 bits, with the frame's metadata; raises MissingExtra.

    A quality of 100 loses nothing; below it, libjxl's distance from the original follows from it as in its own programs.
    """
    about, quality = frame.metadata, settings["quality"]
    exif = about.exif.removeprefix(b"Exif\0\0") if about.exif else None
    distance = 0.1 + (100 - max(quality, 30)) * 0.09
    encoded = library("JXL", "Writing JPEG XL").encode_from_numpy
    return bytes(
        encoded(values, lossless=quality == 100, quality=distance, exif=exif, xmp=about.xmp, icc=about.icc)
    )
