"""Which files are pictures, and how a file appears whole or not at all."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vaeedit.errors import ImageError, UsageError
from vaeedit.image.parts import part_of, this_process

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


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` under a temporary name in the same folder, then rename; raises ImageError.

    A link is followed, but one that leads nowhere is replaced; a file that is replaced keeps its permissions and, where
    that is allowed, its owner. The temporary file is removed on any failure, an interrupt included.
    """
    put(write_part(path, data), path)


def write_part(path: Path, data: bytes, owner: str | None = None) -> Path:
    """Write what `put` makes the file `path`, on the disk when this returns; gives its name; raises ImageError.

    `owner` is the process whose run it belongs to, by default this one.
    """
    with _said(path):
        part = part_of(landing(path), owner or this_process())
        try:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    return part


def put(part: Path, path: Path) -> None:
    """Rename what `write_part` has written; raises ImageError, and then nothing is left of it."""
    with _said(path):
        try:
            target = landing(path)
            _keep_owner(target, part)
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def _said(path: Path) -> Iterator[None]:
    """Turn what the system says into a sentence."""
    try:
        yield
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise ImageError(f"{path} cannot be written: {reason}.") from error


def landing(path: Path) -> Path:
    """Where a file of this name is written: a link is followed, unless it leads nowhere. Raises ImageError for a device."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return path if path.is_symlink() else Path(os.path.realpath(path))
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise ImageError(f"{path} cannot be written: it is there and is not a regular file.")
    return Path(os.path.realpath(path))


def _keep_owner(target: Path, part: Path) -> None:
    """Give the new file the permissions and, where that is allowed, the owner and group of the one it replaces."""
    try:
        old, new = os.stat(target), os.stat(part)
    except FileNotFoundError:
        return
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        for owner in ((-1, old.st_gid), (old.st_uid, -1)):
            with suppress(OSError):
                os.chown(part, *owner)
    os.chmod(part, stat.S_IMODE(old.st_mode) & 0o777)
