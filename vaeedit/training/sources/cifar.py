"""The binary version of CIFAR-10 (Krizhevsky 2009): its archive, or the folder with the files of the archive.

A file holds records of 3073 bytes: the label, then the red, green and blue values of 32 rows of 32 pixels.
"""

import re
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np

from vaeedit.errors import ImageError, UsageError
from vaeedit.limits import DATA, PICTURE, read_regular, require_regular
from vaeedit.training.sources.indexed import Arrays
from vaeedit.training.sources.source import Source

ARCHIVE = "cifar-10-binary.tar.gz"
RECORD = 1 + 3 * 32 * 32
FILE = re.compile(r"data_batch_[1-9]\.bin|test_batch\.bin|batches\.meta\.txt")
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
PICKLED = re.compile(r"cifar-10-python.*|cifar-10-batches-py|data_batch_[1-9]|test_batch")


def find(path: Path, names: list[str]) -> Source | None:
    """CIFAR-10 in a folder or an archive; None where it is not there. Raises UsageError for the pickled version."""
    if ARCHIVE in names:
        return find(path / ARCHIVE, [])
    if path.is_dir() and "data_batch_1.bin" in names:
        files = {name: read_regular(path / name, PICTURE) for name in names if FILE.fullmatch(name)}
    elif path.name == ARCHIVE:
        files = _unpacked(path)
    elif any(PICKLED.fullmatch(name) for name in (path.name, *names)):
        raise UsageError(
            f"{path} holds the pickled version of CIFAR-10, and a pickle can run any program when it is read; "
            f"get the binary version, {ARCHIVE}."
        )
    else:
        return None
    training = sorted(name for name in files if name.startswith("data_batch"))
    splits = {"train": _arrays(path, training, files)}
    if "test_batch.bin" in files:
        splits["test"] = _arrays(path, ["test_batch.bin"], files)
    return Source(path, "CIFAR-10, binary", splits, CLASSES)


def _arrays(path: Path, names: list[str], files: Mapping[str, bytes]) -> Arrays:
    """The records of some files."""
    for name in names:
        if len(files[name]) % RECORD or not files[name]:
            raise ImageError(
                f"{path}: {name} has {len(files[name]):,} bytes, which is no whole number of records of {RECORD} bytes; "
                "get it again."
            )
    if not names:
        raise ImageError(f"{path} holds no data_batch_1.bin; get {ARCHIVE} again.")
    records = np.frombuffer(b"".join(files[name] for name in names), np.uint8).reshape(-1, RECORD)
    labels = records[:, 0]
    if labels.max() >= len(CLASSES):
        raise ImageError(f"{path} holds the label {labels.max()}, but CIFAR-10 has {len(CLASSES)} classes.")
    return Arrays(f"{path}, {names[0]}", records[:, 1:].reshape(-1, 3, 32, 32), labels)


def _unpacked(path: Path) -> dict[str, bytes]:
    """The files of the archive that are data, by name; nothing is written to the disk."""
    require_regular(path, DATA)
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                name = PurePosixPath(member.name).name
                stream = archive.extractfile(member) if FILE.fullmatch(name) and member.isfile() else None
                if stream is not None and member.size <= PICTURE.value:
                    files[name] = stream.read()
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise ImageError(f"{path} is damaged and cannot be unpacked ({error}); get it again.") from None
    return files
