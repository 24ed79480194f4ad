"""JPEG XL, by pyjpegxl (an extra)."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from vaeedit.image.exif import reset_exif
from vaeedit.image.files import library
from vaeedit.image.frame import Frame, Metadata, Pixels
from vaeedit.image.gate import Gate
from vaeedit.image.orientation import reset_xmp

MAGIC = (b"\xff\x0a", b"\0\0\0\x0cJXL ")
"""First bytes of a bare codestream, and of a container."""


def decode(data: bytes, name: str, gate: Gate) -> tuple[Pixels, Metadata]:
    """Samples (H, W, C) in 8 or 16 bits, with the orientation applied, and the metadata; raises ImageError."""
    jxl = library("JXL", f"Reading {name}")
    about = jxl.probe(data)
    channels = about.num_color_channels + about.has_alpha
    gate.admit("JPEG XL", about.width, about.height, 1, channels * -(-about.bits_per_sample // 8))
    if _is_animated(data):
        gate.warnings.append("It is animated; only its first frame is edited.")
    is_float = about.bits_per_sample > 16
    if is_float:
        gate.warnings.append("Its samples of 32 bits are read as 16.")
    about, values = jxl.decode_to_numpy(data, dtype="uint16" if is_float else None)
    exif = reset_exif(b"Exif\0\0" + about.exif.removeprefix(b"Exif\0\0")) if about.exif else None
    return values, Metadata(exif=exif, icc=about.icc, xmp=reset_xmp(about.xmp) if about.xmp else None)


def _is_animated(data: bytes) -> bool:
    """Whether the header of a codestream announces an animation, which the library does not tell (ISO 18181-1, annex D)."""
    start = data.find(MAGIC[0], max(data.find(b"jxlc"), data.find(b"jxlp"), 0)) + len(MAGIC[0])
    bits = int.from_bytes(data[start : start + 24], "little")

    def take(count: int) -> int:
        nonlocal bits
        value = bits & (1 << count) - 1
        bits >>= count
        return value

    def skip_size() -> None:
        small = take(1)
        take(5 if small else (9, 13, 18, 30)[take(2)])
        if take(3) == 0:  # the width has no fixed ratio to the height
            take(5 if small else (9, 13, 18, 30)[take(2)])

    skip_size()
    if take(1) or not take(1):  # all fields, or all of the extra ones, have their defaults
        return False
    take(3)
    if take(1):
        skip_size()
    return not take(1) and bool(take(1))  # no preview, but an animation


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
