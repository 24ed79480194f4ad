"""Limits on what is read, each with the environment variable that changes it; and reading a file within a limit."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from vaeedit.errors import ImageError, UsageError, VaeeditError

resource: Any
try:
    import resource
except ImportError:  # on Windows, which has no such limit
    resource = None


@dataclass(frozen=True)
class Limit:
    """A limit and how to change it."""

    variable: str
    default: int
    of: str
    """What it limits, for docs."""

    @property
    def value(self) -> int:
        """From the environment or the default; raises UsageError for a text that is no whole number."""
        text = os.environ.get(self.variable, str(self.default))
        if not text.isdecimal() or len(text) > 18:
            raise UsageError(f"{self.variable} must be a whole number, not {text[:40]!r}.")
        return int(text)


PIXELS = Limit("VAEEDIT_MAX_PIXELS", 400_000_000, "pixels of a picture")
FRAMES = Limit(
    "VAEEDIT_MAX_FRAMES", 2000, "frames of a clip; together they are within the limit of pixels, too"
)
PICTURE = Limit("VAEEDIT_MAX_PICTURE_BYTES", 2 << 30, "bytes of a picture file")
UPLOAD = Limit(
    "VAEEDIT_MAX_UPLOAD_BYTES", 128 << 20, "bytes of a file that is given to the page of `vaeedit ui`"
)
UPLOADS = Limit("VAEEDIT_MAX_UPLOADS_BYTES", 1 << 30, "bytes of all files that are given to the page at once")
MODEL = Limit("VAEEDIT_MAX_MODEL_BYTES", 16 << 30, "bytes of a model file")
"""The `limit` of `read_regular` and `require_regular` for files of weights."""
MODEL_HEADER = Limit("VAEEDIT_MAX_MODEL_HEADER_BYTES", 8 << 20, "bytes of a model file's header")
TEXT = Limit("VAEEDIT_MAX_TEXT_BYTES", 1 << 20, "bytes of a pipeline, recipe or configuration")
"""Their `limit` for text that people write."""
EXPANSION = Limit(
    "VAEEDIT_MAX_EXPANSION", 256, "bytes of samples for each byte of a picture file, above 224 MiB in all"
)
SCANS = Limit("VAEEDIT_MAX_SCANS", 100, "scans of a progressive JPEG")
XMP = Limit("VAEEDIT_MAX_XMP_BYTES", 16 << 20, "bytes of a picture's XMP that are searched for what made it")
LIST = Limit("VAEEDIT_MAX_LIST_BYTES", 1 << 30, "bytes of a list of files or of a journal")
"""Their `limit` for lists that programs write."""
DATA = Limit("VAEEDIT_MAX_DATA_BYTES", 4 << 30, "bytes of a file of many images, as packed and as unpacked")
SHARD = Limit(
    "VAEEDIT_MAX_SHARD_BYTES", 64 << 30, "bytes of a tar shard, which is never in memory as a whole"
)

PIECE = 1 << 20
"""Bytes that are read from a stream at a time."""

ADDRESSES, ADDRESSES_PER_CORE = 1280 << 20, 48 << 20
"""Bytes of address space that the libraries need to start, and those for the threads of each core."""


def require_address_space() -> None:
    """Raise VaeeditError where `ulimit -v` allows less than the libraries need: some would abort without a message."""
    if resource is None:
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    needed = ADDRESSES + (os.cpu_count() or 1) * ADDRESSES_PER_CORE
    if limit != resource.RLIM_INFINITY and limit < needed:
        raise VaeeditError(
            f"The limit on address space (ulimit -v) is {limit >> 20:,} MB, and the libraries alone need about "
            f"{needed >> 20:,} MB on this machine; raise it."
        )


def require_regular(
    path: str | os.PathLike[str], limit: Limit, error: type[VaeeditError] = ImageError
) -> None:
    """Raise `error` unless `path` is a regular file within `limit`, for libraries that open files by name."""
    os.close(_opened(path, limit, error))


def read_regular(path: str | os.PathLike[str], limit: Limit, error: type[VaeeditError] = ImageError) -> bytes:
    """The bytes of a regular file; raises `error` for anything else, such as a pipe, a device or a larger file."""
    try:
        with os.fdopen(_opened(path, limit, error), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = file.read(size + 1)  # `read` allocates the number of bytes that it is given
    except OSError as cause:
        raise error(f"{path} cannot be read: {_reason(cause)}.") from None
    if len(data) > size:
        raise error(f"{path} grew while it was read; try again when it has been written.")
    return data


def read_stream(stream: BinaryIO, name: str, limit: Limit, error: type[VaeeditError] = ImageError) -> bytes:
    """All bytes of a stream; raises `error` as soon as there are more than `limit`."""
    data = bytearray()
    while piece := stream.read(PIECE):  # one large read would allocate the whole limit
        data += piece
        if len(data) > limit.value:
            raise error(
                f"{name} has more bytes than the limit of {limit.value:,}; {limit.variable} changes it."
            )
    return bytes(data)


def _opened(path: str | os.PathLike[str], limit: Limit, error: type[VaeeditError]) -> int:
    """A descriptor of the file; a pipe without a writer does not block."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(Path(path), flags)
    except (OSError, ValueError) as cause:
        raise error(f"{path} cannot be read: {_reason(cause)}.") from None
    try:
        status = os.fstat(handle)
        if stat.S_ISDIR(status.st_mode):
            raise error(f"{path} cannot be read: is a directory.")
        if not stat.S_ISREG(status.st_mode):
            raise error(f"{path} is not a regular file; only regular files are read.")
        if status.st_size > limit.value:
            raise error(
                f"{path} has {status.st_size:,} bytes, over the limit of {limit.value:,}; {limit.variable} changes it."
            )
    except BaseException:
        os.close(handle)
        raise
    return handle


def _reason(cause: OSError | ValueError) -> str:
    return str(getattr(cause, "strerror", None) or cause).lower()
