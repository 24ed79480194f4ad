"""Which files are pictures, and how a file appears whole or not at all."""

import os
import re
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path

from vaeedit.errors import ImageError, UsageError

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

FILMS = {".gif": "GIF", ".mp4": "MP4"}
"""The same for films, which some operations make and none reads."""

PART = ".part"
"""Ending of a temporary file."""


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


def expanded(path: Path) -> list[Path]:
    """The file itself, or the pictures inside a folder; raises UsageError for a folder without any."""
    found = image_files([path])
    if not found:
        raise UsageError(f"There is no picture in the folder {path}.")
    return found


def make_folder(folder: Path) -> None:
    """Make the folder of an output where it is missing; raises ImageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageError(f"The folder {folder} cannot be made: {(error.strerror or '').lower()}.") from error


def parts_in(folder: Path, names: Iterable[str]) -> list[Path]:
    """Temporary files in a folder of outputs of these names: a killed process has left them, or one is writing."""
    if not folder.is_dir():
        return []
    ours = {_head(name) for name in names}
    end = re.compile(r"[0-9a-f]{8}" + re.escape(PART))
    return [
        path
        for path in folder.iterdir()
        if end.fullmatch(path.name[-len(PART) - 8 :]) and path.name[: -len(PART) - 8] in ours
    ]


def _head(name: str) -> str:
    """How the temporary name of an output begins."""
    return f".{name[:40]}."


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` under a temporary name in the same folder, then rename; raises ImageError.

    A link is followed; a file that is replaced keeps its permissions. The temporary file is removed on any
    failure, an interrupt included.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f"{_head(target.name)}{secrets.token_hex(4)}{PART}")
    try:
        try:
            handle = os.open(
                temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666
            )
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, temporary)
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ImageError(f"{path} cannot be written: {reason}.") from error
