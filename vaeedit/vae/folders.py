"""VAEs in folders of other software, read by the architectures that support such folders; and names that are fetched."""

import os
from pathlib import Path

from vaeedit.errors import VaeeditError, WeightsError
from vaeedit.extension.registry import Registry
from vaeedit.extension.specs import FolderVae, call_target


def recognized(folder: Path, registry: Registry) -> tuple[str, FolderVae] | None:
    """The first architecture that reads this folder, by name, and the VAE in it; or None; raises WeightsError."""
    for name, item in sorted(registry.architectures.bare.items()):
        if not item.spec.folder:
            continue
        try:
            vae: FolderVae | None = call_target(item.spec.folder, folder)
        except VaeeditError:
            raise
        except Exception as error:  # a plugin's reader may raise anything
            raise WeightsError(
                f"The folder {folder} cannot be read: {type(error).__name__}: {error}"
            ) from None
        if vae is not None:
            return name, vae
    return None


def in_folder(folder: Path, registry: Registry) -> tuple[str, FolderVae]:
    """The same; raises WeightsError if no architecture reads the folder."""
    vae = recognized(folder, registry)
    if vae is None:
        specs = [item.spec for _, item in sorted(registry.architectures.bare.items()) if item.spec.folder]
        known = " ".join(spec.summary for spec in specs) or "none."
        raise WeightsError(
            f"The folder {folder} holds no VAE of a known kind; known are: {known} "
            "Of another one, `vaeedit models convert` may make a VAE file."
        )
    return vae


def require_name(name: str, registry: Registry) -> None:
    """Raise UnknownName for a text that cannot be a VAE: neither shipped weights, nor `PREFIX:TEXT`, nor a path."""
    is_path = name.endswith(".safetensors") or os.path.basename(name) != name or os.path.isdir(name)
    if not is_path and not is_remote(name, registry):
        registry.weights.find(name)


def fetched(name: str, registry: Registry) -> Path | None:
    """Fetch the folder of `PREFIX:TEXT`; None if no architecture has that prefix."""
    target = _fetcher(name, registry)
    if target is None:
        return None
    folder: Path = call_target(target, name.partition(":")[2])
    return folder


def is_remote(name: str, registry: Registry) -> bool:
    """Whether the name is `PREFIX:TEXT` with the prefix of an architecture; fetches nothing."""
    return _fetcher(name, registry) is not None


def _fetcher(name: str, registry: Registry) -> str | None:
    """'module:function' that fetches names of this prefix, or None."""
    prefix, colon, _ = name.partition(":")
    fetchers = [item.spec.fetch for _, item in sorted(registry.architectures.bare.items()) if colon]
    return next((fetch[prefix] for fetch in fetchers if prefix in fetch), None)
