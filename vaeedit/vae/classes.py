"""Classes of images by name or number."""

from collections.abc import Sequence

from vaeedit.errors import UnknownName, UsageError


def label_of(text: str | int, names: Sequence[str]) -> int:
    """The number of the class that `text` names or, if none has this name, numbers.

    Raises UnknownName; where classes have no names, UsageError for text that is no number.
    """
    if str(text) in names:
        return names.index(str(text))
    if str(text).isdecimal() and (not names or int(text) < len(names)):
        return int(text)
    if not names:
        raise UsageError(f"The classes of this VAE have no names, and {text!r} is no number.")
    raise UnknownName("class", str(text), names)


def name_of(label: int, names: Sequence[str]) -> str:
    """The name of a class, or its number where it has none."""
    return names[label] if label < len(names) else str(label)
