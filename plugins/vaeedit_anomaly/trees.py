"""Reads data sets of defects in the layouts of MVTec AD, BTAD and VisA."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vaeedit.api import LIST, UsageError, image_files, read, read_regular

GOOD = "good"
"""The kind of normal test images, in every data set."""
NORMAL_FOLDERS = ("good", "ok", "normal")
"""Names of folders of normal images."""
LABEL_LIMIT = 128
"""A mask without values from here on holds numbers of classes, not gray values."""


@dataclass(frozen=True)
class Labeled:
    """A test image with the kind of its defect (`GOOD`: none) and, if there is one, the mask of the defect."""

    path: Path
    kind: str
    mask: Path | None = None

    @property
    def defective(self) -> bool:
        """True if it has a defect."""
        return self.kind != GOOD

    def truth(self, height: int, width: int) -> NDArray[np.bool_] | None:
        """True where abnormal, (height, width), for an image of this size; None for a defect without a mask.

        A mask of another size is resized by nearest neighbors; raises UsageError if its proportions differ.
        """
        if not self.defective:
            return np.zeros((height, width), bool)
        if self.mask is None:
            return None
        values = read(self.mask).as_uint8().max(2)
        mask: NDArray[np.bool_] = values >= LABEL_LIMIT if values.max() >= LABEL_LIMIT else values > 0
        if mask.shape == (height, width):
            return mask
        if abs(mask.shape[1] / mask.shape[0] - width / height) > 0.02 * width / height:
            sizes = f"{mask.shape[1]}x{mask.shape[0]} and {width}x{height}"
            raise UsageError(f"The mask {self.mask} does not fit {self.path}: their sizes are {sizes}.")
        resized = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
        return np.asarray(resized, bool)


@dataclass(frozen=True)
class Tree:
    """A data set: normal images for fitting, and labeled images for measuring."""

    layout: str
    normals: tuple[Path, ...]
    tests: tuple[Labeled, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of defects, sorted."""
        return tuple(sorted({one.kind for one in self.tests if one.defective}))


def read_tree(folder: Path) -> Tree:
    """The data set in a folder; its layout follows from the names of folders. Raises UsageError if something is missing.

    MVTec AD: train/good, test/KIND, ground_truth/KIND/NAME_mask.png (or NAME.png). BTAD: the same with train/ok, test/ok,
    test/ko. VisA: Data/Images/Normal and /Anomaly, Data/Masks/Anomaly, with ../split_csv/1cls.csv for the split.
    """
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.")
    if (folder / "Data" / "Images").is_dir():
        return _visa(folder)
    if (folder / "test").is_dir():
        return _mvtec(folder)
    raise UsageError(
        f"{folder} is not a data set of defects: it has neither test/KIND (MVTec AD, BTAD) nor Data/Images (VisA)."
    )


def _mvtec(folder: Path) -> Tree:
    kinds = sorted(path for path in (folder / "test").iterdir() if path.is_dir())
    tests = [one for kind in kinds for one in _of_kind(folder, kind)]
    normals = [path for name in NORMAL_FOLDERS for path in _pictures(folder / "train" / name)]
    layout = "BTAD" if (folder / "test" / "ok").is_dir() else "MVTec AD"
    return _checked(Tree(layout, tuple(normals), tuple(tests)), folder)


def _of_kind(folder: Path, kind: Path) -> Iterator[Labeled]:
    """The test images of one folder; their masks have the same names, in any format."""
    if kind.name.lower() in NORMAL_FOLDERS:
        yield from (Labeled(path, GOOD) for path in _pictures(kind))
        return
    masks = {path.stem.removesuffix("_mask"): path for path in _pictures(folder / "ground_truth" / kind.name)}
    for path in _pictures(kind):
        yield Labeled(path, kind.name, masks.get(path.stem))


def _visa(folder: Path) -> Tree:
    split = folder.parent / "split_csv" / "1cls.csv"
    if not split.is_file():
        raise UsageError(
            f"{folder} belongs to VisA, but its list of training and test images is missing: {split}."
        )
    normals: list[Path] = []
    tests: list[Labeled] = []
    text = read_regular(split, LIST, UsageError).decode("utf-8", "surrogateescape")
    rows = [row for row in csv.DictReader(io.StringIO(text, newline="")) if row["object"] == folder.name]
    for row in rows:
        path = folder.parent / row["image"]
        if row["split"] == "train":
            normals.append(path)
        elif row["label"] == "normal":
            tests.append(Labeled(path, GOOD))
        else:
            tests.append(Labeled(path, row["label"], folder.parent / row["mask"] if row["mask"] else None))
    return _checked(Tree("VisA", tuple(normals), tuple(tests)), folder)


def _pictures(folder: Path) -> list[Path]:
    return image_files([folder]) if folder.is_dir() else []


def _checked(tree: Tree, folder: Path) -> Tree:
    """The tree, if metrics can be computed from it; raises UsageError otherwise."""
    if not tree.kinds:
        raise UsageError(f"{folder} holds no defective test images.")
    if all(one.defective for one in tree.tests):
        raise UsageError(f"{folder} holds no normal test images (test/good), which the metrics need.")
    return tree
