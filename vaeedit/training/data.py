"""Random crops of images. Decoded images are kept in memory, up to a limit."""

from collections.abc import Iterator
from copy import deepcopy
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset

from vaeedit.errors import ImageError, OptionError
from vaeedit.training.recipe import Data
from vaeedit.training.sources.source import Example, Split

Labeled = tuple[NDArray[np.uint8], int]


class Batch(NamedTuple):
    """What a step of training gets."""

    images: Tensor
    """(B, C, H, W) uint8."""
    labels: Tensor
    """(B,) int64, -1 for images without a label."""


class CropBatches(IterableDataset[Batch]):
    """Endless batches of crops (B, 3, P, P), mirrored and turned at random where `settings.turn` is set.

    `patch` is the side P in use, one of `settings.patch`; `callbacks.GrowCrops` changes it during training.

    Where the images need more memory than `settings.cache`, the oldest image in memory is replaced by the next one
    before one batch in ten. Raises OptionError where no image is large enough.
    """

    def __init__(self, split: Split, settings: Data, seed: int) -> None:
        self.split, self.settings, self.seed = split, settings, seed
        self.patch = settings.patch[0]
        self.random = np.random.default_rng(seed)
        self.images: list[Labeled] = []
        self.skipped: list[str] = []
        self.waiting = self._fill(settings.cache * 2**20)
        if not self.images:
            side = max(settings.patch)
            raise OptionError(f"There is no readable image of at least {side} pixels a side to train on.")

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the first crops."""
        return self.settings.patch[0], self.settings.patch[0]

    @property
    def count(self) -> int:
        """How many images are in memory."""
        return len(self.images)

    def __iter__(self) -> Iterator[Batch]:
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            self.random = np.random.default_rng((self.seed, torch.distributed.get_rank()))
        while True:
            if self.waiting and self.random.random() < 0.1:
                image = self._load(next(self.waiting))
                if image is not None:
                    self.images.append(image)
                    self.images.pop(0)
            crops, labels = zip(*(self._chosen() for _ in range(self.settings.batch)), strict=True)
            yield Batch(torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2), torch.tensor(labels))

    def _fill(self, budget: int) -> Iterator[Example] | None:
        """Decode images until `budget` bytes are used, and return an endless stream of the others; None without others."""
        used, before = 0, deepcopy(self.random)
        examples = self.split.examples(self.random)
        for example in examples:
            image = self._load(example)
            if image is not None:
                self.images.append(image)
                used += image[0].nbytes
            if used >= budget:
                return self._endless(examples, before)
        return None

    def _endless(self, examples: Iterator[Example], before: np.random.Generator) -> Iterator[Example]:
        """The others, then passes in the same order: the next image is always the one that left memory first."""
        while True:
            yield from examples
            examples = self.split.examples(deepcopy(before))

    def _load(self, example: Example) -> Labeled | None:
        """Decode to (H, W, 3) uint8 and the label; None for a damaged image, or one smaller than the largest crop."""
        try:
            pixels = example.load()
        except ImageError as error:
            if str(error) not in self.skipped:
                self.skipped.append(str(error))
            return None
        if min(pixels.shape[:2]) < max(self.settings.patch):
            return None
        return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3))), example.label

    def _chosen(self) -> Labeled:
        """Draw `settings.candidates` crops and return the one with most detail; a network learns little from flat ones."""
        crops = [self._crop() for _ in range(self.settings.candidates)]
        return crops[0] if len(crops) == 1 else max(crops, key=lambda crop: _detail(crop[0]))

    def _crop(self) -> Labeled:
        image, label = self.images[self._drawn()]
        shrunk = self.settings.shrunk and self.random.random() < self.settings.shrunk
        side = self.patch * 2 if shrunk and min(image.shape[:2]) >= 2 * self.patch else self.patch
        row, column = (self.random.integers(size - side + 1) for size in image.shape[:2])
        crop = image[row : row + side, column : column + side]
        if side != self.patch:
            crop = np.asarray(
                cv2.resize(crop, (self.patch, self.patch), interpolation=cv2.INTER_AREA), np.uint8
            )
        if not self.settings.turn:
            return crop, label
        if self.random.random() < 0.5:
            crop = crop[:, ::-1]
        return np.rot90(crop, int(self.random.integers(4))), label

    def _drawn(self) -> int:
        """The number of an image, of which all, or all of whose pixels, have the same chance."""
        if self.settings.draw == "images":
            return int(self.random.integers(len(self.images)))
        ends = np.cumsum([image.size for image, _ in self.images])
        return int(np.searchsorted(ends, self.random.integers(ends[-1]), side="right"))


def _detail(crop: NDArray[np.uint8]) -> float:
    """Mean absolute difference of horizontal neighbors in the green channel of every second row."""
    green = crop[::2, :, 1].astype(np.int16)
    return float(np.abs(np.diff(green, axis=1)).mean())
