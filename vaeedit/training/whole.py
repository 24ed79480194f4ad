"""Batches of whole images, all of one size, in passes over a data set."""

from collections.abc import Iterator
from itertools import count

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import IterableDataset

from vaeedit.errors import OptionError
from vaeedit.training.data import Batch
from vaeedit.training.recipe import Data
from vaeedit.training.sources.indexed import Arrays
from vaeedit.training.sources.source import Example, Split, readable
from vaeedit.vae.protocol import FixedSize, Network


class WholeBatches(IterableDataset[Batch]):
    """Endless batches of whole images (B, C, H, W), each pass in another random order, without its last incomplete batch.

    Images that fit into `settings.cache` are decoded once; others are read again in each pass. Raises OptionError for images
    of several sizes, for those that the network cannot take, and for sides that are no multiples of `multiple`.
    """

    def __init__(self, split: Split, settings: Data, seed: int, network: Network, multiple: int = 1) -> None:
        self.split, self.settings, self.seed = split, settings, seed
        self.skipped: list[str] = []
        self.count = split.count or 0
        self.memory = split if isinstance(split, Arrays) else None
        first = next(self._loaded(split.examples()), None)
        if first is None:
            raise OptionError("There is no readable image to train on.")
        self.shape = first[1].shape
        self.size = (self.shape[0], self.shape[1])  # height and width
        _require_suitable(first[0].name, self.shape, network, multiple)

    def __iter__(self) -> Iterator[Batch]:
        ready = torch.distributed.is_available() and torch.distributed.is_initialized()
        rank = torch.distributed.get_rank() if ready else 0
        for number in count():
            random = np.random.default_rng((self.seed, number, rank))
            yield from self._streamed(random) if self.memory is None else self._drawn(self.memory, random)

    def _drawn(self, arrays: Arrays, random: np.random.Generator) -> Iterator[Batch]:
        """A pass over images in memory."""
        order = random.permutation(len(arrays))
        size = min(self.settings.batch, len(order))
        for start in range(0, len(order) - size + 1, size):
            chosen = order[start : start + size]
            labels = torch.from_numpy(arrays.labels[chosen].astype(np.int64))
            yield Batch(torch.from_numpy(arrays.images[chosen]), labels)

    def _streamed(self, random: np.random.Generator) -> Iterator[Batch]:
        """A pass over images that are read; they stay in memory where all of them fit."""
        kept: list[tuple[NDArray[np.uint8], int]] | None = []
        batch: list[tuple[NDArray[np.uint8], int]] = []
        self.count = 0
        for example, image in self._loaded(self.split.examples(random)):
            if image.shape != self.shape:
                raise OptionError(
                    f"{example.name} is {_size(image.shape)}, but other images are {_size(self.shape)}; "
                    "make all of one size, or train on crops."
                )
            labeled = image.transpose(2, 0, 1), example.label
            self.count += 1
            batch.append(labeled)
            if kept is not None:
                kept.append(labeled)
                kept = kept if len(kept) * image.nbytes <= self.settings.cache * 2**20 else None
            if len(batch) == self.settings.batch:
                yield _stacked(batch)
                batch = []
        if not self.count:
            raise OptionError("None of the images can be read any more.")
        if self.count < self.settings.batch:
            yield _stacked(batch)
        if kept is not None:
            images, labels = zip(*kept, strict=True)
            self.memory = Arrays("images in memory", np.stack(images), np.array(labels))

    def _loaded(self, examples: Iterator[Example]) -> Iterator[tuple[Example, NDArray[np.uint8]]]:
        """The images that can be read, (H, W, C)."""
        return readable(examples, self._skip)

    def _skip(self, text: str) -> None:
        if text not in self.skipped:
            self.skipped.append(text)


def _stacked(batch: list[tuple[NDArray[np.uint8], int]]) -> Batch:
    images, labels = zip(*batch, strict=True)
    return Batch(torch.from_numpy(np.stack(images)), torch.tensor(labels))


def _require_suitable(name: str, shape: tuple[int, ...], network: Network, multiple: int) -> None:
    """Raise OptionError where the network cannot take images of this shape (H, W, C)."""
    height, width, channels = shape
    if channels != network.channels:
        raise OptionError(
            f"{name} has {channels} channels and the network takes {network.channels}; "
            "set channels in the config of the recipe."
        )
    if isinstance(network, FixedSize) and network.size != (height, width):
        raise OptionError(
            f"{name} is {_size(shape)}, and the network takes {network.size[1]} x {network.size[0]}; "
            "set height and width in the config of the recipe."
        )
    if height % multiple or width % multiple:
        raise OptionError(
            f"{name} is {_size(shape)}, and the network takes sides that are multiples of {multiple}; "
            "choose another config, or train on crops."
        )


def _size(shape: tuple[int, ...]) -> str:
    height, width, channels = shape
    return f"{width} x {height} pixels with {channels} channel{'s' if channels > 1 else ''}"
