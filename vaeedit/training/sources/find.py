"""Chooses the format of a data source by looking at what a path holds."""

import os
from pathlib import Path

from vaeedit.errors import UsageError
from vaeedit.training.sources import cifar, folder, idx, shards
from vaeedit.training.sources.source import Source

FINDERS = (idx.find, cifar.find, shards.find, folder.find)
"""Each takes a path and the names in it, where it is a folder, and returns None for a path that holds something else."""


def open_source(path: Path) -> Source:
    """The data at a path; raises UsageError where there is none, and ImageError where it is damaged."""
    if not path.exists():
        raise UsageError(f"There is no folder or file {path} with data.")
    try:
        names = os.listdir(path) if path.is_dir() else []
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}.") from None
    for find in FINDERS:
        source = find(path, names)
        if source is not None:
            return source
    raise UsageError(
        f"{path} holds no data: name a folder of images, of idx files or of tar shards, or {cifar.ARCHIVE}."
    )
