"""Lists of very many files, in little memory."""

import os
from array import array
from pathlib import Path

from vaeedit.image import FORMATS


class PictureFiles:
    """The pictures in a folder and its sub-folders, in the order of their paths; about 30 bytes each.

    Links to files are followed, links to folders are not. Folders that may not be read are listed in `unreadable`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folders: list[str] = []
        """Folders relative to the root ("" for itself), in the order in which they were entered."""
        self.folder_of = array("I")
        """The index of each picture's folder."""
        self.unreadable: list[str] = []
        self._names = bytearray()
        self._ends = array("Q", [0])
        self._enter("")

    def __len__(self) -> int:
        return len(self.folder_of)

    def __getitem__(self, index: int) -> Path:
        name = os.fsdecode(bytes(self._names[self._ends[index] : self._ends[index + 1]]))
        return self.root / self.folders[self.folder_of[index]] / name

    def _enter(self, folder: str) -> None:
        """Add the pictures of a folder and, each at the place of its name among them, its sub-folders."""
        number = len(self.folders)
        self.folders.append(folder)
        names, inside = self._listed(folder)
        for name in sorted([*names, *inside]):
            if name in inside:
                self._enter(os.path.join(folder, name))
                continue
            self._names += os.fsencode(name)
            self._ends.append(len(self._names))
            self.folder_of.append(number)

    def _listed(self, folder: str) -> tuple[list[str], set[str]]:
        """Names of the pictures and of the sub-folders."""
        names: list[str] = []
        inside: set[str] = set()
        try:
            with os.scandir(self.root / folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        inside.add(entry.name)
                    elif os.path.splitext(entry.name)[1].lower() in FORMATS and entry.is_file():
                        names.append(entry.name)
        except OSError:
            self.unreadable.append(folder)
        return names, inside
