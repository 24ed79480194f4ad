"""Latents by seeds, many at a time: from the prior of a VAE, or from the mixture in its file."""

from collections.abc import Sequence
from typing import Any

import click

from vaeedit.api import Latents, LoadedVae, UsageError
from vaeedit_variants.mixture import LatentMixture

DENSITIES = {"prior": "the prior", "gmm": "the mixture fitted to encoded images"}
"""What latents are drawn from, by the name of `--density`."""


def density_option() -> click.Option:
    """`--density`, for every command that generates images."""
    return click.Option(
        ["--density"], type=click.Choice(list(DENSITIES)), default="prior", show_default=True,
        help="Draw latents from the prior, or from the Gaussian mixture that `vaeedit fit-density` adds to a VAE.",
    )  # fmt: skip


def require_density(vae: LoadedVae, density: str) -> None:
    """Raise UsageError where the latents of a VAE cannot come from this density."""
    if density == "gmm" and getattr(vae.network, "mixture", None) is None:
        raise UsageError(
            f"The VAE {vae.info.name} holds no mixture of latents; add one to a plain VAE: "
            "vaeedit fit-density VAE DATA -o FILE."
        )


def drawn(
    network: Any,
    seeds: Sequence[int],
    size: tuple[int, int],
    density: str = "prior",
    temperature: float = 1.0,
) -> Latents:
    """A point for each seed, of a `Generative` network for images of `size`; a point depends on its own seed alone."""
    if density == "prior":
        prior: Latents = network.prior(len(seeds), size)
        return prior.sample_each(seeds, temperature)
    mixture: LatentMixture = network.mixture
    return mixture.sample_each(seeds, temperature)
