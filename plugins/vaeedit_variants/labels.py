"""VAEs of images of known classes."""

from typing import Any

from vaeedit.api import Labeled, LoadedVae, UsageError


def require_labeled(vae: LoadedVae) -> Any:
    """The network of a VAE of images of known classes; raises UsageError for another one."""
    if not isinstance(vae.network, Labeled):
        raise UsageError(
            f"The VAE {vae.info.name} knows no classes and takes neither a label nor guidance; "
            "leave these out, or train one as the recipe mnist-conditional does."
        )
    return vae.network
