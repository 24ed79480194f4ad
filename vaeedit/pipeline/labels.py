"""What the steps of a pipeline and their maps are called in results, where several would have one name."""

from collections.abc import Collection, Sequence
from itertools import chain, count


def labels(names: Sequence[str]) -> list[str]:
    """The names; one that an earlier step has becomes name-2, name-3, ..."""
    found: list[str] = []
    for name in names:
        numbered = (f"{name}-{number}" for number in count(2))
        found.append(next(label for label in chain([name], numbered) if label not in found))
    return found


def map_names(labels: Sequence[str], maps: Sequence[Collection[str]]) -> list[dict[str, str]]:
    """For each step, what its maps are called: the last step with a map keeps the name, the earlier ones get LABEL.MAP."""
    return [
        {
            name: f"{label}.{name}" if any(name in later for later in maps[index + 1 :]) else name
            for name in maps[index]
        }
        for index, label in enumerate(labels)
    ]
