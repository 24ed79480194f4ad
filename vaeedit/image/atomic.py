"""Files that appear completely or not at all: written under a temporary name, then renamed.

A temporary name holds the process whose run it belongs to, so that files of a live run are never removed.
"""

import hashlib
import os
import re
import secrets
import socket
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from vaeedit.errors import ImageError

PART = ".part"
"""Extension of a temporary file."""

NAME = re.compile(r"(\..*\.[0-9a-f]{8}\.)([0-9a-f]{8}-[0-9]+)\.[0-9a-f]{8}" + re.escape(PART), re.DOTALL)


def make_folder(folder: Path) -> None:
    """Make the folder of an output if it is missing; raises ImageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageError(f"The folder {folder} cannot be made: {(error.strerror or '').lower()}.") from error


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` under a temporary name in the same folder, then rename; raises ImageError.

    A link is followed, but a broken one is replaced. A file that is replaced keeps its permissions and, if that is
    allowed, its owner. The temporary file is removed after any failure or interrupt.
    """
    put(write_part(path, data), path)


def write_part(path: Path, data: bytes, owner: str | None = None) -> Path:
    """Write the temporary file for `path` to the disk and return its name; raises ImageError.

    `owner` is the process whose run it belongs to, by default this one.
    """
    with _write_errors(path):
        target = landing(path)
        random = secrets.token_hex(4)
        part = target.with_name(f"{_head(target.name)}{owner or this_process()}.{random}{PART}")
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
    """Rename a temporary file of `write_part`; raises ImageError, after which the temporary file is gone."""
    with _write_errors(path):
        try:
            target = landing(path)
            _keep_owner(target, part)
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def _write_errors(path: Path) -> Iterator[None]:
    """Convert errors of the system to an ImageError."""
    try:
        yield
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise ImageError(f"{path} cannot be written: {reason}.") from error


def landing(path: Path) -> Path:
    """Where a file of this name is written: the target of a link, unless that is broken. Raises ImageError for a device."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return path if path.is_symlink() else Path(os.path.realpath(path))
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise ImageError(f"{path} cannot be written: it is there and is not a regular file.")
    return Path(os.path.realpath(path))


def _keep_owner(target: Path, part: Path) -> None:
    """Give the new file the permissions and, if that is allowed, the owner and group of the file that it replaces."""
    try:
        old, new = os.stat(target), os.stat(part)
    except FileNotFoundError:
        return
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        for owner in ((-1, old.st_gid), (old.st_uid, -1)):
            with suppress(OSError):
                os.chown(part, *owner)
    os.chmod(part, stat.S_IMODE(old.st_mode) & 0o777)


def this_process() -> str:
    """This process: the place where its number is unique, and the number, such as 3f9a1c2e-1234."""
    return f"{_place()}-{os.getpid()}"


def parts_in(folder: Path, names: Iterable[str], owners: Collection[str] = ()) -> list[Path]:
    """Temporary files in a folder, of outputs of these names, that belong to `owners` or to processes that have ended."""
    if not folder.is_dir():
        return []
    heads = {_head(name) for name in names}
    parts = []
    for path in folder.iterdir():
        name = NAME.fullmatch(path.name)
        if name and name[1] in heads and (name[2] in owners or has_ended(name[2])):
            parts.append(path)
    return parts


def _head(name: str) -> str:
    """The beginning of the temporary names of an output."""
    return f".{name[:24]}.{hashlib.blake2b(os.fsencode(name), digest_size=4).hexdigest()}."


@cache
def _place() -> str:
    """A mark of the space of process numbers: this host since its last start, and in it this container."""
    facts = [socket.gethostname()]
    with suppress(OSError):
        facts.append(Path("/proc/sys/kernel/random/boot_id").read_text())
    with suppress(OSError):
        facts.append(os.readlink("/proc/self/ns/pid"))
    return hashlib.blake2b("\n".join(facts).encode(), digest_size=4).hexdigest()


def has_ended(owner: str) -> bool:
    """Whether a process is known to have ended; False for one of another place."""
    place, number = owner.split("-")
    if place != _place() or os.name != "posix":
        return False
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:  # it exists and belongs to another user
        return False
    return False
