"""The VAEs that can be explored."""

import os
from collections.abc import Iterator
from pathlib import Path

from vaeedit.errors import VaeeditError
from vaeedit.extension.registry import Registry
from vaeedit.extension.specs import load_target
from vaeedit.ui.below import is_within
from vaeedit.ui.explore.scene import Choice
from vaeedit.vae.files import find_vae, read_info
from vaeedit.vae.suits import is_conditional

GROUPS = ("Codes pictures", "Draws pictures", "Restores pictures")
"""What VAEs do: only code pictures; have a prior that new pictures are drawn from; restore a picture given as a condition."""
MOST_FILES = 200
"""Most VAEs below the root that are listed."""
SUFFIX = ".safetensors"


def choices(registry: Registry, root: Path | None) -> list[Choice]:
    """The VAEs of images that are installed or lie below `root`, by group and name; those that are damaged are left out."""
    names = [*registry.weights.bare, *(_files(root) if root else ())]
    found = [choice for name in names if (choice := _choice(name, registry))]
    return sorted(found, key=lambda one: (GROUPS.index(one.group), one.vae))


def _choice(name: str, registry: Registry) -> Choice | None:
    try:
        info = read_info(find_vae(name, registry), registry)
        spec = registry.architectures.find(info.architecture).spec
        network = load_target(spec.target)
    except VaeeditError:
        return None
    if spec.kind != "VAE" or not hasattr(network, "encode"):
        return None
    draws = hasattr(network, "draw") and hasattr(network, "prior")  # as `Generative` says
    group = GROUPS[1 if draws else 2 if is_conditional(network) else 0]
    return Choice(name, group, draws, info.summary)


def _files(root: Path) -> Iterator[str]:
    """VAE files below the root, by their paths; folders whose names begin with a dot are left out."""
    count = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if name.endswith(SUFFIX) and is_within(root, path):
                yield str(path)
                count += 1
            if count == MOST_FILES:
                return
