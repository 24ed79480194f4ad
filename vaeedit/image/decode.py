"""Decode a file into a Frame: the depth is kept, the orientation applied, and every failure is an ImageError.

Pillow decodes 8-bit files. It reduces deeper color to 8 bits without a warning, so `deep` decodes that, after Pillow has
checked the file, and `tiff` decodes TIFF of more than 8 bits. `heif`, `jxl` and `raw` use libraries of extras.
"""

import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from textwrap import shorten
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from vaeedit.errors import ImageError, VaeeditError
from vaeedit.image import deep, heif, jxl, raw, tiff
from vaeedit.image.coding import coding_of
from vaeedit.image.color import profile_fault, rgb_of
from vaeedit.image.companions import at_rest, companions
from vaeedit.image.exif import reset_exif
from vaeedit.image.files import FORMATS, LIBRARIES, RAW
from vaeedit.image.frame import Frame, Metadata, plausible_dpi
from vaeedit.image.gate import Gate
from vaeedit.image.intact import png_fault
from vaeedit.image.jp2 import left_out_boxes, profile_in
from vaeedit.image.jpeg import jpeg_fault
from vaeedit.image.orientation import TAG, reset_xmp, upright
from vaeedit.image.photoshop import joined
from vaeedit.image.segments import left_out_segments
from vaeedit.image.texts import copied_chunks, left_out_chunks
from vaeedit.limits import PICTURE, read_regular
from vaeedit.settings import Damaged

UNKNOWN = {
    "Photoshop": b"8BPS",
    "PDF": b"%PDF",
    "EPS": b"%!PS",
    "SVG": b"<svg",
    "OpenEXR": b"v/1\1",
    "HDR": b"#?RADIANCE",
    "GIMP": b"gimp xcf",
    "JPEG XR": b"II\xbc",
    "BPG": b"BPG\xfb",
    "QOI": b"qoif",
    "MP4": b"ftyp",  # the last one, because other formats begin in this way, too
}
"""First bytes of formats that vaeedit does not edit, for the message."""
PILLOW = tuple({*FORMATS.values()} - LIBRARIES.keys() - {"TGA"})  # TGA has no first bytes of its own
_lock = threading.Lock()


def read(path: str | os.PathLike[str], *, damaged: Damaged = "error") -> Frame:
    """Read a picture file: pixels (H, W, 1 or 3) in the depth of the file (see `Frame`); raises ImageError.

    With `damaged="warn"` a damaged picture is read as far as possible, and the frame's `damage` describes the fault.
    """
    return read_bytes(read_regular(path, PICTURE), str(path), damaged=damaged)


def read_bytes(data: bytes, name: str, *, damaged: Damaged = "error") -> Frame:
    """Decode the bytes of a picture file as `read` does; `name` is for messages; raises ImageError."""
    with decoding(data, name, damaged):
        gate = Gate(name, len(data), damaged)
        frame = _decode(data, name, gate)
        warnings = filter(None, (*gate.warnings, profile_fault(frame)))
        return replace(frame, damage="; ".join(gate.faults), warnings=tuple(warnings))


def format_in(data: bytes, name: str) -> str:
    """The format of a file's bytes, one of `FORMATS`; `name` is for messages; raises ImageError.

    TGA and camera raw, which names of files tell alone, are no such formats.
    """
    if heif.is_heif(data):
        return "HEIF"
    if data.startswith(jxl.MAGIC):
        return "JXL"
    if data[:4] in tiff.MAGIC:
        return "TIFF"
    with decoding(data, name, "error"), Image.open(io.BytesIO(data), formats=PILLOW) as image:
        kind = str(image.format)
    return kind if kind in FORMATS.values() else "JPEG"  # which Pillow may call MPO


@contextmanager
def decoding(data: bytes, name: str, damaged: Damaged) -> Iterator[None]:
    """Decode with Pillow's settings for `damaged`, in one thread at a time; every failure is raised as an ImageError."""
    if not data:
        raise ImageError(f"{name} is empty (0 bytes).")
    with _pillow_settings(damaged), catch_warnings():
        simplefilter("ignore")  # Pillow warns about harmless metadata
        try:
            yield
        except VaeeditError:
            raise
        except UnidentifiedImageError:
            raise ImageError(_unknown(data, name)) from None
        except MemoryError:
            raise ImageError(f"{name} does not fit into memory.") from None
        except Exception as error:  # decoders raise anything on damaged data
            text = isinstance(error, OSError | ValueError | SyntaxError) and str(error)
            reason = shorten(text or "its structure is broken", 100, placeholder=" …").rstrip(".")
            raise ImageError(f"{name} is damaged and cannot be decoded: {reason}.") from error


def read_image(image: Image.Image) -> Frame:
    """The frame of a picture in memory, with the metadata that Pillow has of it; raises ImageError."""
    name = "The Pillow image"
    try:
        image.load()
        metadata, orientation = metadata_of(image)
        gate = Gate(name, 0)
        is_deep = image.mode.startswith("I;16")
        values = np.asarray(image).astype(np.uint16) if is_deep else np.asarray(plain_image(image, gate))
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageError(f"{name} cannot be decoded: {error}.") from error
    frame = _frame(upright(values, orientation), metadata)
    return replace(frame, warnings=tuple(gate.warnings))


def _decode(data: bytes, name: str, gate: Gate) -> Frame:
    ending = Path(name).suffix.lower()
    if ending[1:] in RAW.split():
        return _frame(*raw.decode(data, name, gate))
    if heif.is_heif(data):
        return _frame(*heif.decode(data, name, gate))
    if data.startswith(jxl.MAGIC):
        return _frame(*jxl.decode(data, name, gate))
    if data[:4] in tiff.MAGIC:
        values = tiff.decode_deep(data, name, gate)
        if values is not None:
            return _frame(values, tiff.metadata(data))
    formats = ("TGA",) if ending == ".tga" else PILLOW
    with io.BytesIO(data) as stream, Image.open(stream, formats=formats) as image:
        return _with_pillow(image, data, name, gate)


def _with_pillow(image: Image.Image, data: bytes, name: str, gate: Gate) -> Frame:
    kind, pictures = str(image.format), getattr(image, "n_frames", 1)
    is_deep = deep.peak_in(kind, data) > 255
    each = 8 if is_deep else 6 if kind == "WEBP" else 4  # the decoder of WebP keeps two canvases
    gate.admit(kind, image.width, image.height, pictures, each)
    if kind == "PNG":
        gate.report(png_fault(data))
        gate.warnings.extend(left_out_chunks(data))
    elif isinstance(image, JpegImageFile):
        gate.report(jpeg_fault(data, name))
        gate.warnings.extend(companions(data, pictures))
        gate.warnings.extend(left_out_segments(image.applist))
    image.load()
    if kind == "TIFF":  # Pillow has applied the orientation
        return _frame(np.asarray(plain_image(image, gate)), tiff.metadata(data))
    metadata, orientation = metadata_of(image, data)
    if kind == "JPEG2000":
        gate.warnings.extend(left_out_boxes(data))
        metadata = replace(metadata, icc=profile_in(data))
    if kind == "AVIF":
        gate.warnings.extend(heif.unused_colors(data, metadata.icc))
    key = image.info.get("transparency")
    values = deep.decode(kind, data, key) if is_deep else np.asarray(plain_image(image, gate))
    return _frame(upright(values, orientation), metadata)


def _frame(values: NDArray[Any], metadata: Metadata) -> Frame:
    """A frame of samples (H, W[, C]), with alpha as the last channel."""
    values = values.reshape(*values.shape[:2], -1)
    if values.shape[2] in (1, 3):
        return Frame(values, None, metadata)
    return Frame(values[:, :, :-1], values[:, :, -1], metadata)


def plain_image(image: Image.Image, gate: Gate) -> Image.Image:
    """L, LA, RGB or RGBA: color keys are expanded and, with a warning, palettes and bilevel; CMYK and Lab become sRGB."""
    if image.mode.startswith(("I", "F")):
        raise ImageError(f"{gate.name} holds samples of the kind {image.mode}, which vaeedit does not edit.")
    if image.mode in ("CMYK", "LAB"):
        image, warning = rgb_of(image)
        gate.warnings.append(warning)
        return image
    if image.mode == "1":
        gate.warnings.append("Its black and white pixels become gray ones.")
    elif image.mode in ("P", "PA") and image.format != "GIF":
        gate.warnings.append("Its palette is given up for any color.")
    gray = image.mode in ("1", "L", "LA", "La")
    alpha = image.has_transparency_data
    return image.convert(("L" if gray else "RGB") + ("A" if alpha else ""))


def metadata_of(image: Image.Image, data: bytes = b"") -> tuple[Metadata, int]:
    """Raw metadata with the orientation tag reset, and the orientation to apply; `data` is the file, if there is one."""
    raw, xmp = image.info.get("exif"), image.info.get("xmp")
    try:
        exif = image.getexif()
        orientation = exif.get(TAG, 1)
        raw = raw or (exif.tobytes() if exif else None)
    except Exception:  # Pillow raises anything on damaged EXIF; the pixels are still good
        orientation = 1
    if raw:
        raw = reset_exif(b"Exif\0\0" + raw.removeprefix(b"Exif\0\0"))
    xmp = xmp.encode() if isinstance(xmp, str) else xmp
    metadata = Metadata(
        exif=raw or None,
        icc=None if image.mode in ("CMYK", "LAB") else image.info.get("icc_profile"),  # these become sRGB
        xmp=at_rest(reset_xmp(xmp)) if xmp else None,
        dpi=plausible_dpi(*image.info.get("dpi", (None, None))),
        **_texts(image),
        chunks=copied_chunks(data) if image.format == "PNG" else (),
        coding=coding_of(image, data) if data else None,
    )
    return metadata, orientation if isinstance(orientation, int) else 1


def _texts(image: Image.Image) -> dict[str, Any]:
    """Comments and Photoshop's resources, by their names in `Metadata`."""
    if not isinstance(image, JpegImageFile):
        comment = image.info.get("comment") if image.format == "GIF" else None
        return {"comments": (comment,)} if isinstance(comment, bytes) else {}
    comments = tuple(content for marker, content in image.applist if marker == "COM")
    resources = joined(content for marker, content in image.applist if marker == "APP13")
    return {"comments": comments, "photoshop": resources or None}


@contextmanager
def _pillow_settings(damaged: Damaged) -> Iterator[None]:
    """Set Pillow's global variables: no limit on pixels, as `Gate` checks it, and whether damaged files are read."""
    with _lock:
        before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = None, damaged == "warn"
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = before


def _unknown(data: bytes, name: str) -> str:
    """The message for a file of no known format, by its first bytes."""
    for kind, start in UNKNOWN.items():
        if start in data[:16]:
            return (
                f"{name} is in the format {kind}, which vaeedit does not edit; save it as TIFF or PNG first."
            )
    kinds = ", ".join(dict.fromkeys(FORMATS.values()))
    return f"{name} is not a picture in a known format ({kinds})."
