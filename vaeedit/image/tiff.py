"""Reading of TIFF with more than 8 bits, which Pillow reduces or refuses, and writing of TIFF in every depth."""

import io
import logging
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from vaeedit.errors import ImageError
from vaeedit.image.exif import reset_exif
from vaeedit.image.frame import NOT_FINITE, Frame, Metadata, from_floats, peak_of, plausible_dpi
from vaeedit.image.gate import Gate
from vaeedit.image.intact import tiff_fault
from vaeedit.image.orientation import TAG, reset_xmp, upright
from vaeedit.image.photoshop import of_tags, split

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
ICC, XMP, IPTC, PHOTOSHOP, EXIF, GPS, INTEROPERABILITY = 34675, 700, 33723, 34377, 34665, 34853, 40965
DESCRIPTIVE = {270, 271, 272, TAG, 305, 306, 315, 316, 18246, 18249, 33432, *range(40091, 40096), EXIF, GPS}
"""Tags of the first directory that describe the picture and not the layout of the file."""

DEFLATED = (8, 32946)
"""Values of the tag Compression for zlib streams."""
ROWS = 64
"""Rows of a strip."""
HEADER = b"II*\0\x08\0\0\0"
"""The first bytes of a file that is written: its byte order, and the offset of its first directory."""

logging.getLogger("tifffile").addHandler(logging.NullHandler())  # faults are reported as ImageError


def decode_deep(data: bytes, name: str, gate: Gate) -> NDArray[Any] | None:
    """Samples (H, W, C) of a uint16 or float32 TIFF, with its orientation applied; None for 8 bits and less.

    The gate checks every TIFF before any of its samples are decoded. Raises ImageError.
    """
    import tifffile

    # The objects of tifffile refer to each other, so the stream is closed here and not when they are freed.
    with io.BytesIO(data) as stream, tifffile.TiffFile(stream) as file:
        page: Any = file.pages[0]
        width, height = int(page.imagewidth), int(page.imagelength)
        each = max(4, -(-int(page.bitspersample) * int(page.samplesperpixel) // 8))
        gate.admit("TIFF", width, height, len(file.pages), each)
        gate.report(_fault(page, data, name))
        if page.bitspersample <= 8:
            return None
        if gate.faults and page.compression in DEFLATED:
            # tifffile would inflate all of the data, without a limit
            raise ImageError(f"{name} is damaged and cannot be decoded: {gate.faults[0]}.")
        kind = page.photometric.name
        channels = {"MINISBLACK": 1, "MINISWHITE": 1, "RGB": 3}.get(kind)
        known = (str(page.dtype), page.bitspersample) in (("uint16", 16), ("float32", 32))
        if not known or channels is None or page.samplesperpixel - channels not in (0, 1):
            what = f"{page.samplesperpixel} {page.bitspersample}-bit {page.dtype} samples a pixel ({kind})"
            raise ImageError(f"{name} holds {what}, which vaeedit does not edit.")
        try:
            values = page.asarray()
            if values.ndim == 3 and page.planarconfig == 2:
                values = np.moveaxis(values, 0, 2)
            tag = page.tags.get(TAG)
            values = upright(values, tag.value if tag else 1)
        except ValueError as error:
            if "imagecodecs" not in str(error):
                raise
            values = _with_opencv(data)
        values = values.reshape(*values.shape[:2], -1)
        if values.dtype == np.float32 and not ((values >= 0) & (values <= 1)).all():
            if not np.isfinite(values).all():
                raise ImageError(f"{name} holds {NOT_FINITE}")
            raise ImageError(f"{name} holds float samples outside 0 to 1; scale them first.")
        if kind == "MINISWHITE":
            values = values.dtype.type(peak_of(values.dtype)) - values
        return _with_alpha(values, channels, page.extrasamples)


def _fault(page: Any, data: bytes, name: str) -> str | None:
    """A fault of the strips or tiles of a page, or None; raises ImageError if their number is wrong."""
    bits = int(page.bitspersample) * (int(page.samplesperpixel) if page.planarconfig == 1 else 1)
    planes = 1 if page.planarconfig == 1 else int(page.samplesperpixel)
    segments = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    if page.is_tiled:
        across, down = -(-page.imagewidth // page.tilewidth), -(-page.imagelength // page.tilelength)
        whole = page.tilelength * -(-page.tilewidth * bits // 8)
        count, sizes = across * down, [(whole, whole)] * min(across * down, len(segments))
    else:
        rows, line = min(page.rowsperstrip, page.imagelength), -(-page.imagewidth * bits // 8)
        starts = range(0, page.imagelength, rows)
        count, starts = len(starts), starts[: len(segments)]
        sizes = [(line * min(rows, page.imagelength - start), line * rows) for start in starts]
    if len(segments) != count * planes:  # libtiff allocates memory for as many as the header claims
        needs = f"{len(segments):,} of {count * planes:,} strips or tiles"
        raise ImageError(f"{name} is damaged and cannot be decoded: it has {needs}.")
    return tiff_fault(segments, sizes * planes, data, page.compression in DEFLATED)


def metadata(data: bytes) -> Metadata:
    """The metadata of a TIFF file, with its orientation reset."""
    tags = Image.Exif()
    try:
        tags.load(data)
        values = dict(tags)
        described = {tag for tag in values if tag in DESCRIPTIVE}
        for tag in values.keys() - described:
            del tags[tag]
        exif = reset_exif(tags.tobytes()) if described else None
    except Exception:  # damaged tags
        return Metadata()
    icc, xmp = values.get(ICC), values.get(XMP)  # of any type, as the file declares it
    inches = {2: 1.0, 3: 2.54}.get(values.get(296, 2))
    return Metadata(
        exif=exif,
        photoshop=of_tags(*(_raw(data, tag) if tag in values else b"" for tag in (PHOTOSHOP, IPTC))) or None,
        icc=icc if isinstance(icc, bytes) else None,
        xmp=reset_xmp(xmp) if isinstance(xmp, bytes) else None,
        dpi=plausible_dpi(values.get(282), values.get(283), inches) if inches else None,
    )


def _raw(data: bytes, tag: int) -> bytes:
    """The bytes of a tag of the first page, of whatever type: many programs declare those of IPTC as numbers of 32 bits."""
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        found: Any = file.pages[0]
        found = found.tags.get(tag)
        return data[found.valueoffset : found.valueoffset + found.valuebytecount] if found else b""


def readable_exif(exif: bytes) -> dict[int, Any]:
    """The descriptive tags of an EXIF block, with nested directories as dicts; empty if the block is damaged."""
    tags = Image.Exif()
    try:
        tags.load(exif)
        values = {tag: value for tag, value in tags.items() if tag in DESCRIPTIVE}
        for group in values.keys() & {EXIF, GPS}:
            nested = tags.get_ifd(group)
            values[group] = {tag: value for tag, value in nested.items() if tag != INTEROPERABILITY}
        directory = ImageFileDirectory_v2()
        directory.update(values)
        directory.tobytes()
    except Exception:  # Pillow raises anything on damaged tags
        return {}
    return values


def encode(frame: Frame, values: NDArray[Any]) -> bytes:
    """A TIFF file of one `page`."""
    return HEADER + page(frame, values, len(HEADER))


def page(frame: Frame, values: NDArray[Any], offset: int) -> bytes:
    """A directory for this offset of a file, and the `values` (H, W[, C]), uint8, uint16 or float32, in deflated strips.

    The directory holds the frame's metadata, and leads to no other one.
    """
    about = frame.metadata
    values = values.reshape(frame.height, frame.width, -1)
    whole = values.dtype != np.float32
    strips = [_strip(values[top : top + ROWS], whole) for top in range(0, frame.height, ROWS)]
    sizes = [len(strip) for strip in strips]
    samples = values.shape[2]
    tags = {
        **(readable_exif(about.exif) if about.exif else {}),
        256: frame.width,
        257: frame.height,
        258: (frame.depth,) * samples,
        259: 8,  # deflate
        262: 1 if frame.channels == 1 else 2,  # black is zero, or RGB
        273: tuple(sum(sizes[:index]) for index in range(len(sizes))),  # offsets from the end of the tags
        277: samples,
        278: ROWS,
        279: tuple(sizes),
        317: 2 if whole else 1,  # differences between neighbors, or none
        339: (1 if whole else 3,) * samples,  # unsigned, or float
    }
    if frame.alpha is not None:
        tags[338] = (2,)  # alpha that is not multiplied into the color
    if about.dpi:
        tags.update({282: about.dpi[0], 283: about.dpi[1], 296: 2})
    iptc, resources = split(about.photoshop or b"")
    blocks = {ICC: about.icc, XMP: about.xmp, IPTC: iptc, PHOTOSHOP: resources}
    tags.update({tag: block for tag, block in blocks.items() if block})
    directory = ImageFileDirectory_v2()
    directory.update(tags)
    return directory.tobytes(offset) + b"".join(strips)


def _strip(rows: NDArray[Any], differences: bool) -> bytes:
    if differences:
        rows = np.concatenate([rows[:, :1], rows[:, 1:] - rows[:, :-1]], axis=1)
    return zlib.compress(rows.astype(rows.dtype.newbyteorder("<")).tobytes(), 6)


def _with_opencv(data: bytes) -> NDArray[Any]:
    """Samples (H, W[, C]) of LZW and others, which tifffile cannot decode alone; OpenCV applies the orientation."""
    import cv2

    values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None:
        raise ValueError("its compression is not supported")
    if values.ndim == 3:
        values = values[:, :, [2, 1, 0, 3][: values.shape[2]]]
    return np.asarray(values)


def _with_alpha(values: NDArray[Any], channels: int, extra: tuple[int, ...]) -> NDArray[Any]:
    """Color and, where the file has one, alpha that is not multiplied into the color."""
    kind = extra[0] if extra else 2  # like Pillow, take an undeclared sample for alpha
    if values.shape[2] == channels or kind == 0:
        return values[:, :, :channels]
    color, alpha = values[:, :, :channels], values[:, :, channels : channels + 1]
    if kind == 1:
        color = from_floats(color.astype(np.float32) / np.maximum(alpha, 1e-9), values.dtype)
    return np.concatenate([color, alpha], axis=2)
