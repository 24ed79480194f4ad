"""VAEs that know classes, and their classes by name or number."""

from collections.abc import Sequence
from typing import Any

from vaeedit.api import Labeled, LoadedVae, UnknownName, UsageError


def require_labeled(vae: LoadedVae) -> Any:
    """The network of a VAE of images of known classes; raises UsageError for another one."""
    if not isinstance(vae.network, Labeled):
        raise UsageError(
            f"The VAE {vae.info.name} knows no classes and takes neither a label nor guidance; "
            "leave these out, or train one as the recipe mnist-conditional does."
        )
    return vae.network


def label_of(text: str | int, names: Sequence[str]) -> int:
    """The number of the class that `text` names or, if none has this name, numbers; raises UnknownName.

    Without names, it is the number, whatever it is.
    """
    if str(text) in names:
        return names.index(str(text))
    if str(text).isdecimal() and (not names or int(text) < len(names)):
        return int(text)
    raise UnknownName("class", str(text), names)


def name_of(label: int, names: Sequence[str]) -> str:
    """The name of a class, or its number where it has none."""
    return names[label] if label < len(names) else str(label)
