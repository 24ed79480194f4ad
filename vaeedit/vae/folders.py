"""VAEs in folders of other software: every architecture that knows a format of folders is asked."""

import os
from pathlib import Path

from vaeedit.errors import VaeeditError, WeightsError
from vaeedit.extension.registry import Registry
from vaeedit.extension.specs import FolderVae, load_target


def recognized(folder: Path, registry: Registry) -> tuple[str, FolderVae] | None:
    """The name of the architecture that knows this folder and what it found, or None; raises WeightsError."""
    for name, item in sorted(registry.architectures.bare.items()):
        if item.spec.folder and (found := _asked(item.spec.folder, folder)) is not None:
            return name, found
    return None


def _asked(target: str, folder: Path) -> FolderVae | None:
    try:
        found: FolderVae | None = load_target(target)(folder)
    except VaeeditError:
        raise
    except Exception as error:  # a plugin's reader may raise anything
        raise WeightsError(f"The folder {folder} cannot be read: {type(error).__name__}: {error}") from None
    return found


def in_folder(folder: Path, registry: Registry) -> tuple[str, FolderVae]:
    """The same; raises WeightsError where nobody knows it."""
    found = recognized(folder, registry)
    if found is None:
        specs = [item.spec for _, item in sorted(registry.architectures.bare.items()) if item.spec.folder]
        known = " ".join(spec.summary for spec in specs) or "none."
        raise WeightsError(
            f"The folder {folder} holds no VAE of a known kind; known are: {known} "
            "Of another one, `vaeedit models convert` may make a VAE file."
        )
    return found


def require_name(name: str, registry: Registry) -> None:
    """Raise UnknownName for a text that names no VAE: neither weights, nor `PREFIX:TEXT`, nor a file or folder."""
    is_path = name.endswith(".safetensors") or os.path.basename(name) != name or os.path.isdir(name)
    if not is_path and not is_remote(name, registry):
        registry.weights.find(name)


def fetched(name: str, registry: Registry) -> Path | None:
    """The folder behind `PREFIX:TEXT`, or None where no architecture fetches by that prefix."""
    target = _fetcher(name, registry)
    if target is None:
        return None
    folder: Path = load_target(target)(name.partition(":")[2])
    return folder


def is_remote(name: str, registry: Registry) -> bool:
    """Whether the name is `PREFIX:TEXT` of something that is fetched; fetches nothing."""
    return _fetcher(name, registry) is not None


def _fetcher(name: str, registry: Registry) -> str | None:
    """What fetches by the prefix of the name, or None."""
    prefix, colon, _ = name.partition(":")
    fetchers = [item.spec.fetch for _, item in sorted(registry.architectures.bare.items()) if colon]
    return next((fetch[prefix] for fetch in fetchers if prefix in fetch), None)
