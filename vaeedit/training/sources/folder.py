"""A folder of images; the sub-folder of an image is its class, as in ImageFolder of torchvision."""

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaeedit.image import read, working
from vaeedit.training.sources.files import PictureFiles
from vaeedit.training.sources.indexed import Indexed
from vaeedit.training.sources.source import UNLABELED, WHOLE, Example, Source, split_named


class Pictures(Indexed):
    """The pictures in a folder."""

    def __init__(self, files: PictureFiles, classes: tuple[str, ...]) -> None:
        self.files = files
        numbers = {name: number for number, name in enumerate(classes)}
        of_folder = np.array([numbers.get(_class(name), UNLABELED) for name in files.folders], np.int32)
        self._labels = of_folder[np.frombuffer(files.folder_of, np.uint32)]

    @property
    def labels(self) -> NDArray[np.int32]:
        """Labels of all images (N,); `UNLABELED` for those in no sub-folder."""
        return self._labels

    def __getitem__(self, index: int) -> Example:
        path = self.files[index]
        return Example(str(path), int(self._labels[index]), partial(_decoded, path))


def find(path: Path, names: list[str]) -> Source | None:
    """The images in a folder; None where there are none.

    Folders called train, val or test, two of them at least, hold the splits; all else beside them is left out.
    """
    if not path.is_dir():
        return None
    places = {split_named(name): name for name in names if split_named(name) and (path / name).is_dir()}
    divided = len(places) > 1 and "train" in places
    roots = {str(split): path / name for split, name in places.items()} if divided else {WHOLE: path}
    files = {split: PictureFiles(root) for split, root in roots.items()}
    if not any(map(len, files.values())):
        return None
    used = {_class(each.folders[number]) for each in files.values() for number in set(each.folder_of)}
    classes = tuple(sorted(used - {""}))
    return Source(
        path=path,
        format="folder of images",
        splits={split: Pictures(each, classes) for split, each in files.items() if len(each)},
        classes=classes,
        notes=(*_left_out(path, names, set(places.values()) if divided else set(names)), *_unreadable(files)),
    )


def _class(folder: str) -> str:
    """The first part of a relative folder; empty for the root."""
    return Path(folder).parts[0] if folder else ""


def _left_out(path: Path, names: list[str], used: set[str | None]) -> list[str]:
    folders = [name for name in sorted(names) if name not in used and (path / name).is_dir()]
    return [f"Left out, as they are no splits: {', '.join(folders)}."] if folders else []


def _unreadable(files: dict[str, PictureFiles]) -> list[str]:
    folders = [each.root / folder for each in files.values() for folder in each.unreadable]
    return [f"{folder} cannot be read; its images are left out." for folder in folders]


def _decoded(path: Path) -> NDArray[np.uint8]:
    return working(read(path)).as_uint8()
