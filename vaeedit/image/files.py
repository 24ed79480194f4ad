"""Which files are pictures: formats by extension, and the pictures inside a folder."""

from collections.abc import Iterable
from pathlib import Path

from vaeedit.errors import UsageError

FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".avif": "AVIF",
    ".bmp": "BMP",
}
"""Format by extension, in lower case."""

FILMS = {".gif": "GIF", ".mp4": "MP4"}
"""The same for films, which no operation reads."""


def image_files(paths: Iterable[Path], *, recursive: bool = False) -> list[Path]:
    """The files among `paths`, and the pictures inside the folders among them, sorted within each folder."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = path.rglob("*") if recursive else path.iterdir()
            files.extend(sorted(p for p in inside if p.suffix.lower() in FORMATS and p.is_file()))
        else:
            files.append(path)
    return files


def expanded(path: Path) -> list[Path]:
    """The file itself, or the pictures inside a folder; raises UsageError for a folder without pictures."""
    files = image_files([path])
    if not files:
        raise UsageError(f"There is no picture in the folder {path}.")
    return files
