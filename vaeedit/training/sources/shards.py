"""Tar shards of images, whose files the library `webdataset` (an extra) groups into samples.

A sample is one picture, such as 0001.jpg, and its label, 0001.cls, a whole number. The file classes.txt beside the
shards may name the classes, one on each line. Shards are read from beginning to end.
"""

import re
import tarfile
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaeedit.documents import text_of
from vaeedit.errors import ImageError, MissingExtra, UsageError
from vaeedit.image import FORMATS, read_bytes, working
from vaeedit.limits import PICTURE, SHARD, require_regular
from vaeedit.training.sources.source import UNLABELED, WHOLE, Example, Source, split_named

BUFFER = 1000
"""Samples that are kept in memory to draw from: shards are read in order."""
NAMES = "classes.txt"


class Shards:
    """A split of tar shards."""

    count = None

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths

    def examples(self, random: np.random.Generator | None = None) -> Iterator[Example]:
        """One pass over all samples; with a generator, shards and samples come in random order. Raises ImageError."""
        if random is None:
            yield from map(_example, self._samples(self.paths))
            return
        samples = self._samples([self.paths[index] for index in random.permutation(len(self.paths))])
        buffer = list(islice(samples, BUFFER))
        for sample in samples:
            drawn = int(random.integers(len(buffer)))
            yield _example(buffer[drawn])
            buffer[drawn] = sample
        yield from (_example(buffer[index]) for index in random.permutation(len(buffer)))

    def _samples(self, paths: list[Path]) -> Iterator[dict[str, Any]]:
        """Samples as `webdataset` groups them: a dict from extension to bytes."""
        try:
            from webdataset.tariterators import group_by_keys
        except ImportError:
            raise MissingExtra("Reading tar shards", "shards") from None
        for path in paths:
            try:
                yield from group_by_keys(_members(path))
            except (tarfile.TarError, OSError, EOFError, ValueError) as error:
                raise ImageError(
                    f"{path} is damaged or is no tar file ({error.args[0]}); make it again."
                ) from None


def _members(path: Path) -> Iterator[dict[str, Any]]:
    """The files of a shard, as `webdataset` passes them on. Its own reader would unpack whatever a header promises."""
    require_regular(path, SHARD)
    with tarfile.open(path, "r:") as archive:
        for member in archive:
            archive.members = []  # type: ignore[attr-defined]  # else they stay in memory
            if not member.isreg() or member.issparse():
                continue
            if member.size > PICTURE.value:
                raise ImageError(
                    f"{path}: {member.name} has {member.size:,} bytes; {PICTURE.variable} changes the limit."
                )
            stream = archive.extractfile(member)
            data = b"" if stream is None else stream.read()
            yield {"fname": member.name, "data": data, "__url__": str(path)}


def find(path: Path, names: list[str]) -> Source | None:
    """The shards in a folder, or one shard; None where there are none."""
    folder, candidates = (path, sorted(names)) if path.is_dir() else (path.parent, [path.name])
    tars = [folder / name for name in candidates if name.lower().endswith(".tar")]
    if not tars:
        return None
    splits: dict[str, list[Path]] = {}
    for tar in tars:
        words = map(split_named, re.split(r"[^a-z0-9]+", tar.stem.lower()))
        splits.setdefault(next((word for word in words if word), WHOLE), []).append(tar)
    if WHOLE in splits and len(splits) > 1:
        raise UsageError(
            f"{splits[WHOLE][0]} belongs to no split, but other shards do; put train, val or test into the names of all "
            "shards, or of none."
        )
    listed = folder / NAMES
    classes = tuple(text_of(listed).split("\n")) if listed.is_file() else ()
    return Source(
        path,
        "tar shards",
        {split: Shards(paths) for split, paths in splits.items()},
        tuple(name.strip() for name in classes if name.strip()),
    )


def _example(sample: dict[str, Any]) -> Example:
    name = f"{Path(sample['__url__']).name}, {sample['__key__']}"
    text = sample.get("cls", str(UNLABELED).encode())
    if not re.fullmatch(rb"\s*([0-9]{1,6}|-1)\s*", text):
        raise ImageError(f"{name}: the label {text[:20]!r} is no whole number.")
    return Example(name, int(text), partial(_decoded, sample, name))


def _decoded(sample: dict[str, Any], name: str) -> NDArray[np.uint8]:
    extension = next((key for key in sample if f".{key}" in FORMATS), None)
    if extension is None:
        raise ImageError(f"{name} holds no picture.")
    return working(read_bytes(sample[extension], f"{name}.{extension}")).as_uint8()
