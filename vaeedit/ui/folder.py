"""The temporary folder of a server: uploads and results lie in it, and nothing of it stays."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time

from vaeedit.image.atomic import has_ended, this_process

STORED = 600
"""Seconds for which Gradio keeps an upload; the page has copied it at once."""
NAME = re.compile(r"vaeedit-ui-([0-9a-f]{8}-[0-9]+)-.+")


@contextmanager
def server_folder() -> Iterator[Path]:
    """A folder that only this user can read, removed at the end; those of servers that were killed go first."""
    for folder in Path(tempfile.gettempdir()).iterdir():
        owner = NAME.fullmatch(folder.name)
        if owner and has_ended(owner[1]):
            shutil.rmtree(folder, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"vaeedit-ui-{this_process()}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Cache:
    """The folder in which Gradio puts uploads, in a folder for each; it forgets them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.kept: set[Path] = set()

    def keep(self) -> None:
        """Keep what is there now."""
        self.kept = set(self.folder.iterdir())

    def sweep(self, stored: float = STORED) -> None:
        """Remove uploads that are older than `stored` seconds, and what broken ones left."""
        for path in set(self.folder.iterdir()) - self.kept:
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < time() - stored:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
