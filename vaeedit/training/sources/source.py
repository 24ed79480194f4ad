"""What a data source gives: splits of images with labels, and the names of the classes."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vaeedit.errors import ImageError, UsageError

UNLABELED = -1
"""The label of an image that has none."""
WHOLE = "all"
"""The only split of a source that is not divided."""
WORDS = {
    "train": ("train", "training"),
    "validation": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing", "t10k"),
}
"""Names of splits, and how they are called in names of files and folders."""


@dataclass(frozen=True)
class Example:
    """One image with its label."""

    name: str
    """Where it comes from, for messages."""
    label: int
    """Index of its class, or `UNLABELED`."""
    load: Callable[[], NDArray[np.uint8]]
    """Decodes the image to (H, W, C), from 0 to 255, with 1 or 3 channels; raises ImageError."""


def readable(
    examples: Iterable[Example], note: Callable[[str], None]
) -> Iterator[tuple[Example, NDArray[np.uint8]]]:
    """The examples that can be decoded, with their images (H, W, C); `note` receives a sentence about each other one."""
    for example in examples:
        try:
            yield example, example.load()
        except ImageError as error:
            note(str(error))


class Split(Protocol):
    """A part of a source, such as the training images."""

    @property
    def count(self) -> int | None:
        """How many images there are; None where that is known only after reading all of them."""

    def examples(self, random: np.random.Generator | None = None) -> Iterator[Example]:
        """One pass over the images, in random order or, without a generator, in the order of the source."""


@dataclass(frozen=True)
class Source:
    """What a path holds."""

    path: Path
    """The file or folder."""
    format: str
    """Name of its format, such as idx files."""
    splits: Mapping[str, Split]
    """By name: some of `WORDS`, or `WHOLE` alone."""
    classes: tuple[str, ...] = ()
    """Names of the classes, at the index that is their label; empty where there are none."""
    notes: tuple[str, ...] = ()
    """Sentences about what was left out."""

    def split(self, name: str) -> Split:
        """The split of this name, or all images of a source that is not divided; raises UsageError."""
        split = self.splits.get(name, self.splits.get(WHOLE))
        if split is None:
            raise UsageError(f"{self.path} has no split called {name}; it has {', '.join(self.splits)}.")
        return split

    def require_labels(self, name: str) -> None:
        """Raise UsageError where images of a split have no label."""
        labels = getattr(self.split(name), "labels", None)
        missing = 0 if labels is None else int((labels == UNLABELED).sum())
        if missing or not self.classes:
            raise UsageError(
                f"{missing or 'The'} images of {self.path} have no label; put the images of each class into a sub-folder "
                "with its name, or add what the format has for labels (docs/training.md)."
            )


def split_named(text: str) -> str | None:
    """The split that a word in the name of a file or folder stands for: 'val' -> 'validation'."""
    return next((split for split, words in WORDS.items() if text.lower() in words), None)
