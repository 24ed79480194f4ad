"""Which files are pictures: formats by extension, the libraries of some, and the pictures inside a folder."""

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from vaeedit.errors import MissingExtra, UsageError

FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".apng": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".avif": "AVIF",
    ".heic": "HEIF",
    ".heif": "HEIF",
    ".hif": "HEIF",
    ".jxl": "JXL",
    ".jp2": "JPEG2000",
    ".gif": "GIF",
    ".bmp": "BMP",
    ".tga": "TGA",
    ".ppm": "PPM",
    ".pgm": "PPM",
    ".pnm": "PPM",
}
"""Formats that are read and written, by extension in lower case."""

FILMS = {".gif": "GIF", ".mp4": "MP4"}
"""Formats of films by the extensions of their files, in lower case."""

RAW = "3fr arw cr2 cr3 crw dng erf iiq kdc mef mos mrw nef nrw orf pef raf raw rw2 rwl sr2 srf srw x3f"
"""Extensions of camera raw."""
READ_ONLY = {
    **{f".{name}": ".tif" for name in RAW.split()},
    **dict.fromkeys((".j2k", ".j2c", ".jpc", ".jpf", ".jpx"), ".jp2"),
    ".mpo": ".jpg",
    ".pbm": ".pgm",
}
"""For extensions of pictures that are read but not written, the extension of their results."""
OTHERS = "bpg dds emf eps exr hdr ico jxr pcx pfm psb psd qoi sgi svg svgz wdp wmf xcf"
"""Extensions of pictures that are not read. In a folder they are inputs that fail, so that each of them is named."""
PICTURES = frozenset({*FORMATS, *READ_ONLY, *(f".{name}" for name in OTHERS.split())})
"""Extensions of everything that counts as a picture in a folder."""

LIBRARIES = {"HEIF": ("pillow_heif", "heic"), "JXL": ("pyjpegxl", "jxl"), "RAW": ("rawpy", "raw")}
"""For formats that Pillow and OpenCV do not know, the module that does, and its extra."""


def library(format: str, doing: str) -> Any:
    """The module for a format in `LIBRARIES`; raises MissingExtra, which says what `doing` needs."""
    module, extra = LIBRARIES[format]
    try:
        return import_module(module)
    except ImportError:
        raise MissingExtra(doing, extra) from None


def is_picture(path: Path) -> bool:
    """Whether a file in a folder counts as a picture, by its extension; hidden files do not."""
    return path.suffix.lower() in PICTURES and not path.name.startswith(".")


def written_name(path: Path) -> Path:
    """The name of the result for this input: the same if its format is written, else with the extension of another one."""
    return path.with_suffix(READ_ONLY.get(path.suffix.lower(), path.suffix))


def image_files(paths: Iterable[Path], *, recursive: bool = False) -> list[Path]:
    """The files among `paths`, and the pictures inside the folders among them, sorted within each folder."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = path.rglob("*") if recursive else path.iterdir()
            files.extend(sorted(p for p in inside if is_picture(p) and p.is_file()))
        else:
            files.append(path)
    return files


def expanded(path: Path) -> list[Path]:
    """The file itself, or the pictures inside a folder; raises UsageError for a folder without pictures."""
    files = image_files([path])
    if not files:
        raise UsageError(f"There is no picture in the folder {path}.")
    return files
