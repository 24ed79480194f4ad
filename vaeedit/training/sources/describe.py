"""Describes a data source: its splits, sizes and classes, for `vaeedit data`."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from vaeedit.errors import ImageError
from vaeedit.training.sources.indexed import Arrays, Indexed
from vaeedit.training.sources.source import UNLABELED, WHOLE, WORDS, Example, Source, Split

CHECKED = 200
"""Images of a split that are decoded, at equal distances."""


def describe(source: Source) -> dict[str, Any]:
    """The format, the names of the classes, and each split: its images, sizes, classes and what cannot be read."""
    return {
        "data": str(source.path),
        "format": source.format,
        "classes": list(source.classes),
        "splits": {
            name: _split(source.splits[name], source.classes)
            for name in (*WORDS, WHOLE)
            if name in source.splits
        },
        "notes": list(source.notes),
    }


def _split(split: Split, classes: tuple[str, ...]) -> dict[str, Any]:
    """`labels` counts the images of each class; `sizes` the checked images of each size, the most frequent ones first."""
    if isinstance(split, Arrays):
        count, channels, height, width = split.images.shape
        return {
            "images": count,
            "labels": _counts(Counter(split.labels.tolist()), classes),
            "checked": count,
            "sizes": {_size(height, width, channels): count},
            "damaged": [],
        }
    if isinstance(split, Indexed):
        labels = Counter(split.labels.tolist())
        numbers = np.unique(np.linspace(0, len(split) - 1, CHECKED).round().astype(int))
        return {
            "images": len(split),
            "labels": _counts(labels, classes),
            **_checked(split[int(number)] for number in numbers),
        }
    return _read(split, classes)


def _read(split: Split, classes: tuple[str, ...]) -> dict[str, Any]:
    """A split that can be counted only by reading all of it; the first images are decoded."""
    labels: Counter[int] = Counter()

    def counted() -> Iterator[Example]:
        for example in split.examples():
            labels[example.label] += 1
            yield example

    examples = counted()
    checked = _checked(islice(examples, CHECKED))
    for _ in examples:
        pass
    return {"images": labels.total(), "labels": _counts(labels, classes), **checked}


def _checked(examples: Iterator[Example]) -> dict[str, Any]:
    """Sizes of images, and sentences about those that cannot be decoded."""
    sizes: Counter[str] = Counter()
    damaged: list[str] = []
    for example in examples:
        try:
            sizes[_size(*example.load().shape)] += 1
        except ImageError as error:
            damaged.append(str(error))
    return {
        "checked": sizes.total() + len(damaged),
        "sizes": dict(sizes.most_common()),
        "damaged": damaged,
    }


def _size(height: int, width: int, channels: int) -> str:
    return f"{width} x {height}, {'gray' if channels == 1 else 'color'}"


def _counts(labels: Counter[int], classes: tuple[str, ...]) -> dict[str, int]:
    """Images of each class by name, in the order of labels; empty without labels."""
    names = dict(enumerate(classes)) | {UNLABELED: "no label"}
    counts = {names.get(label, str(label)): labels[label] for label in sorted(labels)}
    return {} if set(labels) <= {UNLABELED} else counts
