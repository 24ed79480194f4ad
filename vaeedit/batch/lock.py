"""A journal and its folder, or a model in the making, belong to one run at a time.

The operating system releases the lock when its process ends, in whatever way. The lock file names the process.
"""

import errno
import os
import socket
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from vaeedit.errors import ImageError, UsageError
from vaeedit.image.atomic import make_folder

HELD = (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)


class Claim:
    """Locks a file that this run writes, such as a journal, by a hidden one beside it; use it as a context manager.

    Entering raises UsageError if another run holds the lock, and ImageError if the hidden file cannot be written. `else_do`
    says what to do instead of waiting. Folders that it made are removed again if they stay empty.
    """

    def __init__(self, file: Path, else_do: str = "name another folder or --journal") -> None:
        self._file, self._else_do = file, else_do
        self._path = file.with_name(f".{file.name}.lock")
        self._handle = -1
        self._made: list[Path] = []

    def __enter__(self) -> "Claim":
        folder = self._path.parent
        self._made = [path for path in (folder, *folder.parents) if not path.exists()]
        make_folder(folder)
        try:
            while not self._taken():
                os.close(self._handle)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise ImageError(f"{self._path} cannot be written: {reason}.") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            if self._is_there():
                self._path.unlink()
        os.close(self._handle)
        for folder in self._made:
            with suppress(OSError):
                folder.rmdir()

    def _taken(self) -> bool:
        """Open and lock the file; False if its last holder has removed it meanwhile."""
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(self._handle)
        except OSError as error:
            if error.errno in HELD:
                holder = os.read(self._handle, 300).decode("utf-8", "replace").strip()
                os.close(self._handle)
                raise UsageError(
                    f"Another run is using {self._file} ({holder or 'it has just started'}); "
                    f"wait until it has ended, or {self._else_do}."
                ) from None
        if not self._is_there():
            return False
        os.truncate(self._handle, 0)
        os.write(self._handle, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        return True

    def _is_there(self) -> bool:
        """Whether the file that was opened still has its name."""
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(self._handle))
        except FileNotFoundError:
            return False


def _lock(handle: int) -> None:
    """Lock a file or raise OSError; on a file system without locks every run succeeds."""
    try:
        import fcntl
    except ImportError:
        import msvcrt

        os.lseek(handle, 1 << 20, os.SEEK_SET)  # behind the text, which other processes read
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        os.lseek(handle, 0, os.SEEK_SET)
        return
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
