"""HEIC and other HEIF, the format of phones, by pillow-heif (an extra)."""

import io
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaeedit.image.coding import coding_of_boxes
from vaeedit.image.exif import reset_exif
from vaeedit.image.files import library
from vaeedit.image.frame import Frame, Metadata, Pixels
from vaeedit.image.gate import Gate
from vaeedit.image.orientation import reset_xmp

SDR = {1, 2, 5, 6, 13}
"""Codes of primaries and curves that are those of sRGB or close to them, or unknown (ITU-T H.273)."""
_CODES = re.compile(rb"colrnclx(..)(..)", re.DOTALL)
"""Where a file says these codes."""


def is_heif(data: bytes) -> bool:
    """Whether the brands at the start of a file are those of HEIF with HEVC."""
    brands = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
    return data[4:8] == b"ftyp" and any(
        brands[at : at + 3] in (b"hei", b"hev") for at in range(0, len(brands), 4)
    )


def decode(data: bytes, name: str, gate: Gate) -> tuple[Pixels, Metadata]:
    """Samples (H, W, C) of the primary picture in 8 or 16 bits, upright, and the metadata.

    Raises ImageError or MissingExtra.
    """
    file = library("HEIF", f"Reading {name}").open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
    image = file[file.primary_index]
    width, height = image.size
    gate.admit("HEIF", width, height, 1, 8)
    _warn(file, data, image.info, gate)
    values = np.asarray(image)
    values = values.reshape(*values.shape[:2], -1)
    if values.dtype == np.uint16:
        bits = int(image.info["bit_depth"])  # in the highest bits of 16
        values = np.rint((values >> (16 - bits)) * np.float32(65535 / ((1 << bits) - 1))).astype(np.uint16)
    exif, xmp = image.info.get("exif"), image.info.get("xmp")
    exif = reset_exif(b"Exif\0\0" + exif.removeprefix(b"Exif\0\0")) if exif else None
    return values, Metadata(
        exif=exif,
        icc=image.info.get("icc_profile"),
        xmp=reset_xmp(xmp) if xmp else None,
        coding=coding_of_boxes("HEIF", data),
    )


def _warn(file: Any, data: bytes, about: dict[str, Any], gate: Gate) -> None:
    if len(file) > 1:
        gate.warnings.append(f"It holds {len(file)} pictures; only the primary one is edited.")
    if about.get("aux") or about.get("depth_images"):
        gate.warnings.append("Its map of depth or of brightness for HDR screens is left out.")
    gate.warnings.extend(unused_colors(data, about.get("icc_profile")))


def unused_colors(data: bytes, icc: bytes | None) -> list[str]:
    """A warning for a HEIF or AVIF file whose colors are of another space by code only, without a profile."""
    codes = _CODES.search(data)
    if icc or codes is None or SDR.issuperset(int.from_bytes(code, "big") for code in codes.groups()):
        return []
    return ["Its colors are of another space, without a profile; it is edited as if it were sRGB."]


def encode(frame: Frame, values: NDArray[Any], settings: Mapping[str, Any]) -> bytes:
    """A HEIC file of values (H, W[, C]) in 8 bits, or in 12 for 16, with the frame's metadata; raises MissingExtra."""
    heif = library("HEIF", "Writing HEIC")
    mode, about = frame.mode + (";16" if frame.depth == 16 else ""), frame.metadata
    file = heif.from_bytes(mode=mode, size=(frame.width, frame.height), data=values.tobytes())
    image = file[0]
    image.info.update(
        {key: block for key, block in (("icc_profile", about.icc), ("xmp", about.xmp)) if block}
    )
    heif.options.SAVE_HDR_TO_12_BIT = True
    buffer = io.BytesIO()
    file.save(buffer, **settings, exif=about.exif)
    return buffer.getvalue()
