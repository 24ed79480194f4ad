"""Images drawn from a VAE: z from the prior, then the mean of p(x | z), or a draw of it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vaeedit.api import Generative, LoadedVae, UsageError
from vaeedit_variants.labels import require_labeled
from vaeedit_variants.latents import drawn, require_density
from vaeedit_variants.recurrent import Recurrent


def require_generative(vae: LoadedVae) -> Any:
    """The network of a VAE that has a prior; raises UsageError for another one."""
    if isinstance(vae.network, Recurrent):
        raise UsageError(
            f"The VAE {vae.info.name} is one of clips, not of images; use it with vaeedit generate or vaeedit predict, "
            "and judge it by vaeedit evaluate prediction."
        )
    if not isinstance(vae.network, Generative):
        raise UsageError(
            f"The VAE {vae.info.name} cannot generate images or be judged by their likelihood: its network has no `prior`. "
            "Train one with the objective `likelihood`; an example is the recipe mnist-plain."
        )
    return vae.network


def generated(
    vae: LoadedVae,
    count: int,
    *,
    seed: int = 0,
    temperature: float = 1.0,
    size: tuple[int, int] | None = None,
    label: int | None = None,
    guidance: float = 1.0,
    density: str = "prior",
) -> Iterator[NDArray[np.uint8]]:
    """Means of p(x | z) for `count` draws z of the prior, each (H, W, C) of 8 bits.

    Image n depends on `seed + n` alone: z is the same for every `label`, the number of a class; without one, images are of
    any class. `temperature` multiplies the deviation of z, `guidance` is that of `Labeled`; `size` (height, width) is needed
    for networks that take any; with the `density` "gmm", z is drawn from the mixture in the file of the VAE. Raises
    UsageError for a VAE that is not `Generative`, for a label where it knows none, for a size that it cannot take, and where
    there is no mixture.
    """
    network = require_generative(vae)
    require_density(vae, density)
    if label is not None:
        labels = torch.full((1,), label, device=vae.device)
        network = require_labeled(vae).given_labels(labels, guidance=guidance)
    own = getattr(network, "size", None)
    if own and size and size != own:
        raise UsageError(
            f"The VAE {vae.info.name} makes images of {own[1]}x{own[0]} pixels; leave out the size."
        )
    with torch.inference_mode():
        for index in range(count):
            latents = drawn(network, [seed + index], own or size or (64, 64), density, temperature)
            yield network.decode(latents).pixels()[0]
