"""Which files are pictures, and how a file appears whole or not at all."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from vaeedit.errors import ImageError

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
"""Format by file name extension, in lower case."""


def image_files(paths: Iterable[Path], *, recursive: bool = False) -> list[Path]:
    """The files among `paths`, and the pictures inside the folders among them, sorted within each folder."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = path.rglob("*") if recursive else path.iterdir()
            found.extend(sorted(p for p in inside if p.suffix.lower() in FORMATS and p.is_file()))
        else:
            found.append(path)
    return found


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` under a temporary name in the same folder, then rename; raises ImageError.

    The temporary file is removed on any failure, an interrupt included.
    """
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise ImageError(f"{path} cannot be written: {_reason(error)}.") from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        raise ImageError(f"{path} cannot be written: {_reason(error)}.") from error
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
