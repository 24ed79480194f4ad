"""Splits whose images are found by number: images in memory, files, and parts of such splits."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from vaeedit.training.sources.source import UNLABELED, Example


class Indexed(ABC):
    """A split with random access."""

    @property
    @abstractmethod
    def labels(self) -> NDArray[np.int32]:
        """Labels of all images (N,), which may be `UNLABELED`."""

    @abstractmethod
    def __getitem__(self, index: int) -> Example:
        """The image with this number, from 0."""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def count(self) -> int:
        """How many images there are."""
        return len(self)

    def examples(self, random: np.random.Generator | None = None) -> Iterator[Example]:
        """One pass over the images, in random order or, without a generator, by number."""
        order = range(len(self)) if random is None else random.permutation(len(self))
        return (self[int(index)] for index in order)


class Arrays(Indexed):
    """Images of one size in memory."""

    def __init__(
        self, name: str, images: NDArray[np.uint8], labels: NDArray[np.integer] | None = None
    ) -> None:
        """`images` are (N, C, H, W), from 0 to 255; `labels` (N,), where there are any."""
        self.name, self.images = name, images
        self._labels = np.full(len(images), UNLABELED) if labels is None else labels

    @property
    def labels(self) -> NDArray[np.int32]:
        """Labels of all images (N,)."""
        return self._labels.astype(np.int32)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Example:
        return Example(f"{self.name}, image {index}", int(self._labels[index]), partial(self._load, index))

    def _load(self, index: int) -> NDArray[np.uint8]:
        image: NDArray[np.uint8] = self.images[index]
        return image.transpose(1, 2, 0)


class Part(Indexed):
    """Some images of another split."""

    def __init__(self, whole: Indexed, numbers: Sequence[int] | NDArray[np.integer]) -> None:
        self.whole, self.numbers = whole, np.asarray(numbers, np.int64)

    @property
    def labels(self) -> NDArray[np.int32]:
        """Labels of these images (N,)."""
        return self.whole.labels[self.numbers]

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index: int) -> Example:
        return self.whole[int(self.numbers[index])]
