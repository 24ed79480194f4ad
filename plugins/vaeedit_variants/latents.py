"""Latents by seeds, many at a time: from the prior of a VAE, or from the mixture in its file."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click
import torch

from vaeedit.api import Gaussian, Latents, LoadedVae, UsageError

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
    if density == "gmm":
        points = [network.mixture.sample(seed, temperature).levels for seed in seeds]
        return Latents(tuple(map(_joined, zip(*points, strict=True))))
    prior: Latents = network.prior(len(seeds), size)
    levels = [
        _joined([_only(level, i).sample(seed, stream, temperature) for i, seed in enumerate(seeds)])
        for stream, level in enumerate(prior.levels)
    ]
    return replace(prior, levels=tuple(levels))


def _only(level: Gaussian, index: int) -> Gaussian:
    """The distribution of one of several images, (1, C, h, w)."""
    assert level.log_scale is not None
    return Gaussian(level.mean[index : index + 1], level.log_scale[index : index + 1])


def _joined(points: Sequence[Gaussian]) -> Gaussian:
    return points[0].at(torch.cat([point.mean for point in points]))
