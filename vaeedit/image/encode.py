"""Encode a Frame in its own mode and depth; if the format cannot hold them, a warning names what was lost."""

import io
import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
import png
from PIL import Image, PngImagePlugin

from vaeedit.errors import ImageError, UsageError
from vaeedit.image import deep, heif, jxl, tiff
from vaeedit.image.atomic import write_whole
from vaeedit.image.coding import LOSSLESS, settings, wants_lossless
from vaeedit.image.color import working
from vaeedit.image.exif import up_to_date
from vaeedit.image.files import FORMATS
from vaeedit.image.frame import Frame, Metadata, from_floats
from vaeedit.image.lossless import lossless_avif
from vaeedit.image.segments import jpeg_segments
from vaeedit.image.texts import XMP_IN_PNG, fit_texts
from vaeedit.image.xmp import up_to_date_xmp
from vaeedit.settings import Quality


@dataclass(frozen=True)
class Holds:
    """The depths, channels and metadata that a format can hold."""

    depths: tuple[int, ...] = (8,)
    alpha: bool = True
    gray: bool = True
    gray_alpha: bool = True
    metadata: bool = True
    photoshop: bool = False
    """Whether IPTC has a place."""
    comments: bool = False
    chunks: bool = False
    """Whether texts of PNG have a place."""
    longest: int = 1 << 31
    """Bytes of EXIF or XMP."""
    side: int = 1 << 31
    """Pixels along a side."""


HOLDS = {
    "JPEG": Holds(alpha=False, photoshop=True, comments=True, longest=65_500),
    "PNG": Holds(depths=(8, 16), chunks=True),
    "WEBP": Holds(gray=False),
    "TIFF": Holds(depths=(8, 16, 32), photoshop=True),
    "AVIF": Holds(depths=(8, 12), gray=False, side=32_768),  # libavif writes larger ones and cannot read them
    "HEIF": Holds(depths=(8, 12), gray_alpha=False, side=32_768),
    "JXL": Holds(depths=(8, 16)),
    "JPEG2000": Holds(depths=(8, 16), gray_alpha=False, metadata=False),
    "BMP": Holds(alpha=False, metadata=False),
    "TGA": Holds(metadata=False, side=65_535),
    "PPM": Holds(depths=(8, 16), alpha=False, metadata=False),
    "GIF": Holds(gray=False, metadata=False, comments=True, side=65_535),
    "MP4": Holds(alpha=False, gray=False, metadata=False, side=16_384),
}


def format_of(path: str | os.PathLike[str]) -> str:
    """The format of a file name, by its extension; raises UsageError."""
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise UsageError(f"{path} does not end in a picture format ({', '.join(FORMATS)}).")
    return FORMATS[suffix]


def write(frame: Frame, path: str | os.PathLike[str], quality: Quality | None = None) -> list[str]:
    """Write a file completely or not at all, in the format of its extension; returns warnings.

    `quality`, 1 to 100 or "lossless", is for formats that can lose something; by default it is that of the frame's file.
    Raises UsageError for an unknown extension, and ImageError for a file that cannot be encoded or written.
    """
    data, warnings = write_bytes(frame, format_of(path), quality)
    write_whole(Path(path), data)
    return [f"{path}: {warning}" for warning in warnings]


def write_bytes(frame: Frame, format: str, quality: Quality | None = None) -> tuple[bytes, list[str]]:
    """Encode a frame as "PNG", "JPEG", ...; returns the file's bytes and a warning for each loss; raises ImageError.

    `quality` is that of `write`.
    """
    try:
        with catch_warnings():
            simplefilter("ignore")  # Pillow warns about harmless metadata
            frame, warnings = fit(frame, format)
            if max(frame.height, frame.width) > HOLDS[format].side:
                raise ValueError(f"it is over {HOLDS[format].side:,} pixels wide or high")
            if wants_lossless(format, frame.metadata.coding, quality) and format not in LOSSLESS:
                warnings.append(f"{format} cannot be lossless; it was saved with quality 100.")
            if format == "GIF" and Image.fromarray(frame.pixels).getcolors(256) is None:
                warnings.append("GIF cannot hold more than 256 colors; the nearest ones were taken.")
            return _encoded(frame, format, quality), warnings
    except MemoryError:
        raise ImageError(f"There is not enough memory to encode the picture as {format}.") from None
    except (OSError, ValueError, RuntimeError, struct.error) as error:
        raise ImageError(f"The picture cannot be encoded as {format}: {error}.") from error


def _encoded(frame: Frame, format: str, quality: Quality | None) -> bytes:
    """The bytes of a frame that the format can hold."""
    coding = frame.metadata.coding
    if format == "TIFF":
        return tiff.encode(frame, frame.samples)
    if format in ("HEIF", "JXL"):
        encode = heif.encode if format == "HEIF" else jxl.encode
        return encode(frame, frame.samples, settings(format, coding, quality))
    if format == "AVIF" and (frame.depth == 16 or wants_lossless(format, coding, quality)):
        return lossless_avif(frame)
    if frame.depth == 16:
        return _png_16(frame) if format == "PNG" else deep.encode(frame, frame.samples, format)
    return _with_pillow(frame, format, settings(format, coding, quality))


def fit(frame: Frame, format: str) -> tuple[Frame, list[str]]:
    """The frame converted to what the format can hold, and a warning for each loss."""
    holds, warnings = HOLDS[format], []
    if frame.alpha is not None and not holds.alpha:
        warnings.append(f"{format} cannot hold transparency; it was flattened onto white.")
        frame = _flattened(frame)
    if not holds.metadata and (converted := working(frame)) is not frame:
        warnings.append(f"{format} cannot hold a color profile; the colors were converted to sRGB.")
        frame = converted
    colors = (
        ""
        if not holds.gray
        else " with transparency"
        if frame.alpha is not None and not holds.gray_alpha
        else None
    )
    if frame.channels == 1 and colors is not None:
        warnings.append(f"{format} cannot hold gray{colors}; it was saved as RGB.")
        frame = working(frame)  # its profile may be one for gray
        frame = replace(frame, pixels=np.repeat(frame.pixels, 3, axis=2))
    if frame.depth not in holds.depths:
        deepest = max(depth for depth in holds.depths if depth < frame.depth)
        warnings.append(f"{format} cannot hold {frame.depth} bits; it was saved with {deepest}.")
        frame = frame.as_depth(16 if deepest == 12 else deepest)
    metadata, lost = _fit_metadata(_up_to_date(frame), format)
    return replace(frame, metadata=metadata), warnings + lost


def _fit_metadata(metadata: Metadata, format: str) -> tuple[Metadata, list[str]]:
    holds, warnings = HOLDS[format], []
    if not holds.metadata and (metadata.exif or metadata.icc or metadata.xmp):
        warnings.append(f"{format} cannot hold EXIF, XMP or a color profile; they were left out.")
        metadata = replace(metadata, exif=None, icc=None, xmp=None)
    if metadata.exif and len(metadata.exif) > holds.longest:
        warnings.append(f"{format} cannot hold EXIF of {len(metadata.exif):,} bytes; it was left out.")
        metadata = replace(metadata, exif=None)
    if metadata.xmp and len(metadata.xmp) > holds.longest:
        warnings.append(f"{format} cannot hold XMP of {len(metadata.xmp):,} bytes; it was left out.")
        metadata = replace(metadata, xmp=None)
    if metadata.exif and not _WRITABLE_EXIF.get(format, bool)(metadata.exif):
        warnings.append(f"{format} cannot hold damaged EXIF; it was left out.")
        metadata = replace(metadata, exif=None)
    metadata, unplaced = fit_texts(
        metadata, comments=holds.comments, chunks=holds.chunks, photoshop=holds.photoshop
    )
    return metadata, warnings + [f"{format} cannot hold {what}; it was left out." for what in unplaced]


def _up_to_date(frame: Frame) -> Metadata:
    """The metadata with the size of the frame, and with its thumbnail."""
    about = frame.metadata
    exif, xmp = about.exif, about.xmp
    return replace(about, exif=exif and up_to_date(exif, frame), xmp=xmp and up_to_date_xmp(xmp, frame))


def _rewritable_exif(exif: bytes) -> bool:
    """Whether Pillow can remove the orientation, as it does for AVIF, and libavif accepts the remaining block."""
    if exif.removeprefix(b"Exif\0\0")[:4] not in (b"II*\0", b"MM\0*"):
        return False
    tags = Image.Exif()
    try:
        tags.load(exif)
        return bool(tags.tobytes())
    except Exception:  # Pillow raises anything on damaged tags
        return False


_WRITABLE_EXIF: dict[str, Callable[[bytes], Any]] = {"AVIF": _rewritable_exif, "TIFF": tiff.readable_exif}


def _flattened(frame: Frame) -> Frame:
    assert frame.alpha is not None
    opacity = frame.alpha.astype(np.float32)[:, :, None] / np.float32(frame.peak)
    blended = frame.floats() * opacity + (1 - opacity)
    return replace(frame, pixels=from_floats(blended, frame.pixels.dtype), alpha=None)


def _with_pillow(frame: Frame, format: str, settings: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(frame.samples).save(buffer, format, **save_options(frame.metadata, format, settings))
    return buffer.getvalue()


def save_options(metadata: Metadata, format: str, settings: dict[str, Any]) -> dict[str, Any]:
    """What Pillow's `save` needs for this metadata in this format, beside the settings of the encoder."""
    settings = {**settings, "exif": metadata.exif, "icc_profile": metadata.icc, "dpi": metadata.dpi}
    if format == "PNG":
        settings["pnginfo"] = info = PngImagePlugin.PngInfo()
        for chunk in _png_chunks(metadata):
            info.add(chunk[:4], chunk[4:])
    elif metadata.xmp and format in ("JPEG", "WEBP", "AVIF"):
        settings["xmp"] = metadata.xmp
    if format == "JPEG":
        settings["extra"] = jpeg_segments(metadata)
    if format == "GIF" and metadata.comments:
        settings["comment"] = b"\n".join(metadata.comments)
    return {name: value for name, value in settings.items() if value is not None}


def _png_chunks(metadata: Metadata) -> list[bytes]:
    """Kind and content of the chunks for XMP, unchanged, UTF-8 or not, and of those that are copied."""
    xmp = [] if metadata.xmp is None else [b"iTXt" + XMP_IN_PNG + b"\0\0\0\0" + metadata.xmp]
    return [*xmp, *metadata.chunks]


def _png_16(frame: Frame) -> bytes:
    """A 16-bit PNG of any mode; OpenCV cannot write gray+alpha and Pillow no color at this depth."""
    values = frame.samples
    rows = values.astype(">u2").view(np.uint8).reshape(frame.height, -1)
    filtered = np.empty((frame.height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = 2  # filter "up": each row minus the one above, modulo 256
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    color_type = (0 if frame.channels == 1 else 2) + (0 if frame.alpha is None else 4)
    size = frame.width.to_bytes(4, "big") + frame.height.to_bytes(4, "big")
    chunks = [(b"IHDR", size + bytes([16, color_type, 0, 0, 0]))]
    metadata = frame.metadata
    if metadata.dpi:
        dots = (round(value / 0.0254).to_bytes(4, "big") for value in metadata.dpi)  # per meter
        chunks.append((b"pHYs", b"".join(dots) + b"\1"))
    if metadata.icc:
        chunks.append((b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc)))
    if metadata.exif:
        chunks.append((b"eXIf", metadata.exif.removeprefix(b"Exif\0\0")))
    chunks += [(chunk[:4], chunk[4:]) for chunk in _png_chunks(metadata)]
    chunks += [(b"IDAT", zlib.compress(filtered.tobytes(), 3)), (b"IEND", b"")]
    buffer = io.BytesIO()
    png.write_chunks(buffer, chunks)
    return buffer.getvalue()
