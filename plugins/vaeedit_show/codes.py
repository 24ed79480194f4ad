"""Encoding and decoding of images of any size, by any VAE of images, under a label where it needs one."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from vaeedit.api import Decoded, Generative, Labeled, Latents, LoadedVae, Session, UsageError, label_of
from vaeedit_show.seen import NONE
from vaeedit_show.sheet import Pixels


def opened(vae: LoadedVae | str) -> LoadedVae:
    """The VAE itself, or the one of this name or file. Raises UsageError for one that does not code images alone."""
    loaded = vae if isinstance(vae, LoadedVae) else Session().vae(str(vae))
    network = loaded.network
    if not hasattr(network, "encode"):
        raise UsageError(f"The VAE {loaded.info.name} does not encode single images; use one that does.")
    if network.conditions and not isinstance(network, Labeled):
        raise UsageError(
            f"The VAE {loaded.info.name} codes an image given {', '.join(network.conditions)}, and cannot be shown; use one "
            "that codes images alone, as photo or one that the recipe mnist-plain trains."
        )
    return loaded


def given(vae: LoadedVae, *labels: int) -> Any:
    """The network for images of these classes, `NONE` for any; the same network where it knows no classes.

    Raises UsageError for a class that it does not know.
    """
    network: Any = vae.network
    if not isinstance(network, Labeled):
        return network
    for label in labels:
        if not NONE <= label < network.classes:
            raise UsageError(
                f"The VAE {vae.info.name} knows the classes 0 to {network.classes - 1}, and not {label}."
            )
    return network.given_labels(torch.tensor(labels, device=vae.device))


def number_of(vae: LoadedVae, label: str | int | None) -> int:
    """The number of the class with this name or number, `NONE` for None.

    Raises UnknownName, or UsageError for a VAE that knows no classes.
    """
    if label is None:
        return NONE
    if not isinstance(vae.network, Labeled):
        raise UsageError(f"The VAE {vae.info.name} knows no classes; leave out the label.")
    return label_of(label, vae.info.classes)


def require_prior(vae: LoadedVae, purpose: str) -> None:
    """Raise UsageError for a VAE without a prior."""
    if not isinstance(given(vae, NONE), Generative):
        raise UsageError(
            f"The VAE {vae.info.name} has no prior, which {purpose} needs; train a generative one, for example by the "
            "recipe mnist-plain."
        )


@torch.inference_mode()
def encode(network: Any, x: Tensor) -> Latents:
    """The means of q(z | x) of images x (B, C, H, W) in [0, 1]; sides are filled up to the VAE's multiple."""
    below, right = (-side % network.multiple for side in x.shape[2:])
    filled = pad(x, (0, right, 0, below), "replicate") if below or right else x
    latents: Latents = network.encode(filled, {})
    return latents.mean()


@torch.inference_mode()
def decode(network: Any, latents: Latents, size: tuple[int, int]) -> Pixels:
    """The mean of p(x | z) of the first image, (H, W, C) from 0 to 255, cut to `size` (height, width)."""
    decoded: Decoded = network.decode(latents)
    return decoded.pixels()[0, : size[0], : size[1]]
