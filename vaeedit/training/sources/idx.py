"""The idx files of MNIST and of the sets that are made like it, plain or gzipped.

A file of images begins with 0x00000803 and three sizes, one of labels with 0x00000801 and one size, all big-endian
32-bit numbers; then come the bytes (LeCun et al., http://yann.lecun.com/exdb/mnist).
"""

import gzip
import io
import math
import re
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaeedit.errors import ImageError, UsageError
from vaeedit.limits import DATA, read_regular, read_stream
from vaeedit.training.sources.indexed import Arrays
from vaeedit.training.sources.source import WHOLE, Source, split_named

NAME = re.compile(r"(.*?)[-._]?images[-._]idx3[-._]ubyte(\.gz)?", re.IGNORECASE)
KINDS = {3: "images", 1: "labels"}
"""By the number of dimensions."""


def find(path: Path, names: list[str]) -> Source | None:
    """The idx files in a folder, or one file of images and its labels; None where there are none. Raises ImageError."""
    folder, candidates = (path, names) if path.is_dir() else (path.parent, [path.name])
    matches = [match for match in map(NAME.fullmatch, candidates) if match]
    by_split: dict[str, re.Match[str]] = {}
    for match in sorted(matches, key=lambda match: match[0]):
        split = _split(match[1])
        if split in by_split and by_split[split][1] != match[1]:
            raise UsageError(
                f"{path} holds several data sets: {by_split[split][0]} and {match[0]}; name one of these files instead."
            )
        by_split.setdefault(split, match)
    if not by_split:
        return None
    splits = {split: _arrays(folder, match) for split, match in by_split.items()}
    most = max((int(split.labels.max()) for split in splits.values()), default=-1)
    missing = [f"{split} has no file of labels." for split, arrays in splits.items() if arrays.labels[0] < 0]
    return Source(path, "idx files", splits, tuple(map(str, range(most + 1))), tuple(missing))


def _split(prefix: str) -> str:
    """The split that the beginning of a file's name stands for."""
    words = map(split_named, re.split(r"[^a-z0-9]+", prefix.lower()))
    return next((word for word in words if word), WHOLE)


def _arrays(folder: Path, match: re.Match[str]) -> Arrays:
    """The images of a file with the labels in the file beside it, gzipped or not, where there is one."""
    images = read_idx(folder / match[0], 3)
    named = re.sub("images", "labels", match[0].removesuffix(match[2] or ""), flags=re.IGNORECASE)
    named = re.sub("idx3", "idx1", named, flags=re.IGNORECASE)
    path = next((folder / (named + end) for end in ("", ".gz") if (folder / (named + end)).exists()), None)
    labels = None if path is None else read_idx(path, 1)
    if labels is not None and len(labels) != len(images):
        raise ImageError(
            f"{path} holds {len(labels):,} labels for {len(images):,} images; the two files do not belong together."
        )
    return Arrays(match[0], images[:, None], labels)


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The array in an idx file, from 0 to 255: (N, H, W) for images, (N,) for labels; raises ImageError."""
    start = 4 + 4 * dimensions
    data = _bytes(path)
    if data[:4] != bytes((0, 0, 8, dimensions)):
        raise ImageError(
            f"{path} is not an idx file of {KINDS[dimensions]}: it begins with {data[:4].hex() or 'nothing'} and not "
            f"with 000008{dimensions:02}; get it again."
        )
    shape = tuple(int(size) for size in np.frombuffer(data[4:start].ljust(start - 4, b"\0"), ">u4"))
    if len(data) != start + math.prod(shape):
        problem = "is cut off" if len(data) < start + math.prod(shape) else "has bytes after its end"
        raise ImageError(
            f"{path} {problem}: its {len(data):,} bytes should be {start + math.prod(shape):,}; get it again."
        )
    if 0 in shape:
        raise ImageError(f"{path} holds no {KINDS[dimensions]}.")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def _bytes(path: Path) -> bytes:
    """The bytes of a file, unpacked where it is gzipped."""
    data = read_regular(path, DATA)
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        with io.BufferedReader(gzip.GzipFile(fileobj=io.BytesIO(data))) as stream:
            return read_stream(stream, str(path), DATA)
    except (OSError, EOFError, zlib.error) as error:
        raise ImageError(f"{path} is damaged and cannot be unpacked ({error}); get it again.") from None
