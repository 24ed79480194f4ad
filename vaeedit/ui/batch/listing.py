"""What lies below the root: folders, pipeline files, and batches. Hidden folders, and links to folders, are left out."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from vaeedit.ui.batch.request import HOME, REQUEST
from vaeedit.ui.below import is_within

DEPTH, ENTERED = 8, 5_000
"""Levels of folders that are searched, and most folders that are entered."""
EVERY = 10
"""Seconds until the folders are searched again."""
ENDINGS = (".yaml", ".yml")
"""Of pipeline files."""


class Found(NamedTuple):
    """Names relative to the root, sorted."""

    folders: list[str]
    pipelines: list[str]
    batches: list[str]
    """Output folders of batches."""


@dataclass
class Listing:
    """Searches the root again when the last search is old."""

    root: Path
    _found: Found = field(default_factory=lambda: Found([], [], []))
    _searched: float | None = None

    @property
    def now(self) -> Found:
        """What is there."""
        now = time.monotonic()
        if self._searched is None or now - self._searched > EVERY:
            self._searched, self._found = now, _search(self.root)
        return self._found


def _search(root: Path) -> Found:
    found = Found([], [], [])
    for entered, (place, folders, files) in enumerate(os.walk(root)):
        here = os.path.relpath(place, root)
        found.folders.append(here)
        found.pipelines.extend(
            os.path.normpath(os.path.join(here, name))
            for name in sorted(files)
            if name.endswith(ENDINGS) and is_within(root, Path(place, name))
        )
        if (
            HOME in folders
            and is_within(root, Path(place, HOME, REQUEST))
            and Path(place, HOME, REQUEST).is_file()
        ):
            found.batches.append(here)
        deep = here.count(os.sep) + 1 >= DEPTH or entered >= ENTERED
        folders[:] = [] if deep else sorted(name for name in folders if name[0] != "." and name != HOME)
    return found
