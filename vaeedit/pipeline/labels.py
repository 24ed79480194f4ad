"""Unique names for the steps of a pipeline and for their maps."""

from collections.abc import Collection, Sequence
from itertools import chain, count


def labels(names: Sequence[str]) -> list[str]:
    """The names, made unique: the second use of a name becomes name-2, the third name-3, ..."""
    unique: list[str] = []
    for name in names:
        numbered = (f"{name}-{number}" for number in count(2))
        unique.append(next(label for label in chain([name], numbered) if label not in unique))
    return unique


def map_names(labels: Sequence[str], maps: Sequence[Collection[str]]) -> list[dict[str, str]]:
    """For each step the unique names of its maps: the last step with a map keeps its name, earlier ones use LABEL.MAP."""
    return [
        {
            name: f"{label}.{name}" if any(name in later for later in maps[index + 1 :]) else name
            for name in maps[index]
        }
        for index, label in enumerate(labels)
    ]
