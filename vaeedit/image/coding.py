"""How a picture file is compressed, so that its result can be compressed in the same way, or a little better."""

import io
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from vaeedit.image.webp_quality import estimated
from vaeedit.settings import Quality

_SEARCHED = 1 << 16
"""First bytes of a file, among which its headers are."""
FLOOR = 88
"""Lowest quality of a result, by default: an edit has more in it than the blocks of a strongly compressed input."""
HIGH: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"quality": 95, "method": 4},
    "AVIF": {"quality": 90, "subsampling": "4:4:4"},
    "HEIF": {"quality": 95, "chroma": 444},
    "JXL": {"quality": 95},
}
"""Encoder settings of the lossy formats for pictures of other formats, which may have lost nothing before."""
LOSSLESS: dict[str, dict[str, Any]] = {
    "WEBP": {"lossless": True, "exact": True, "quality": 100},
    "AVIF": {"quality": 100},
    "HEIF": {"quality": -1, "chroma": 444, "matrix_coefficients": 0},
    "JXL": {"quality": 100},
}
"""The same for files without loss, of the formats that can be both."""
_IDENTITY = re.compile(rb"colrnclx....\0\0", re.DOTALL)
"""Colors of AVIF and HEIF that are stored as RGB, which only files without loss do."""


@dataclass(frozen=True)
class Coding:
    """How a file is compressed; what is not known has its default."""

    format: str
    tables: tuple[tuple[int, ...], ...] = ()
    """Quantization tables of JPEG, for luma and chroma."""
    subsampling: int = 0
    """Of JPEG's chroma: 0, 1 or 2 for 4:4:4, 4:2:2 or 4:2:0."""
    progressive: bool = False
    quality: int | None = None
    """Estimated quality of WebP, 0 to 100."""
    lossless: bool = False


def coding_of(image: Image.Image, data: bytes) -> Coding | None:
    """How the file of an opened image is compressed; None for formats that lose nothing in any case."""
    if isinstance(image, JpegImageFile):
        tables = tuple(tuple(table) for _, table in sorted(image.quantization.items()))
        progressive = bool(image.info.get("progressive"))
        return Coding("JPEG", tables[:2], max(0, get_sampling(image)), progressive)
    if image.format == "WEBP":
        lossless = b"VP8L" in data[:_SEARCHED]
        return Coding("WEBP", quality=None if lossless else estimated(data), lossless=lossless)
    return coding_of_boxes("AVIF", data) if image.format == "AVIF" else None


def coding_of_boxes(format: str, data: bytes) -> Coding:
    """How an AVIF or HEIF file is compressed."""
    return Coding(format, lossless=_IDENTITY.search(data[:_SEARCHED]) is not None)


def settings(format: str, coding: Coding | None, quality: Quality | None) -> dict[str, Any]:
    """What Pillow's encoder of the format needs: the `quality` or, without one, that of the input, if it has the format."""
    same = coding if coding is not None and coding.format == format else None
    chosen = dict(HIGH.get(format, {}))
    if format == "JPEG" and same is not None:
        chosen |= {"subsampling": same.subsampling, "progressive": same.progressive}
        if quality is None and same.tables:
            chosen |= {"qtables": _finer(same.tables), "quality": -1}
    if wants_lossless(format, coding, quality):
        chosen = dict(LOSSLESS.get(format, {**chosen, "quality": 100}))
    elif quality is not None and chosen:
        chosen["quality"] = quality
    elif same is not None and same.quality is not None:
        chosen["quality"] = max(FLOOR, same.quality)
    return chosen


def wants_lossless(format: str, coding: Coding | None, quality: Quality | None) -> bool:
    """Whether a file shall lose nothing: the user says so or, by default, its input lost nothing in the same format."""
    kept = quality is None and coding is not None and coding.format == format and coding.lossless
    return format in HIGH and (kept or quality == "lossless")


def _finer(tables: tuple[tuple[int, ...], ...]) -> list[list[int]]:
    """The tables, with the steps of `FLOOR` where theirs are larger."""
    limits = _standard(FLOOR)
    return [[*map(min, table, limit)] for table, limit in zip(tables, limits, strict=False)]


@cache
def _standard(quality: int) -> list[list[int]]:
    """The tables that libjpeg has for a quality, for luma and chroma."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG", quality=quality)
    with Image.open(buffer) as image:
        assert isinstance(image, JpegImageFile)
        return [list(image.quantization[index]) for index in (0, 1)]
