"""What the core asks of a VAE; a network class satisfies these by having the members, not by inheriting."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from vaeedit.image.frame import Condition
from vaeedit.vae.latents import Decoded, Latents


@runtime_checkable
class VAE(Protocol):
    """Encoder and decoder over (B, C, H, W) tensors in [0, 1] whose sides are multiples of `multiple`.

    A result at a pixel depends on inputs at most `receptive_field` pixels away, so that tiles equal the whole.
    """

    channels: int
    """Image channels."""
    multiple: int
    """Height and width are padded to a multiple of this many pixels."""
    conditions: tuple[str, ...]
    """Names of the maps (B, 1, H, W) that `encode` understands beside the image.

    A class attribute; another one, `needs`, may name those that must be told, each with a value that suits any image.
    """

    @property
    def receptive_field(self) -> int:
        """Radius in pixels of the input that one output pixel (mean, scale or estimate) can see.

        Either known, or `cached_property(receptive_radius)`, which finds it.
        """

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        """The latents' distribution given an image: the posterior q(z | x), or for a conditional VAE the prior p(z | y)."""

    def decode(self, latents: Latents, *, std: bool = False) -> Decoded:
        """The image at the means of `latents`; with `std`, the standard deviation of each value too."""


@runtime_checkable
class Estimator(Protocol):
    """A VAE that can estimate a condition from the image alone."""

    def estimate(self, name: str, x: Tensor) -> Tensor:
        """The map (B, 1, H, W) of the condition `name`."""


def sample_conditions(network: VAE, x: Tensor) -> dict[str, Tensor]:
    """A map (B, 1, H, W) of each condition: of the value it needs, else its estimate, else 0.1 everywhere."""
    needs: Mapping[str, float] = getattr(network, "needs", {})
    maps = {}
    for name in network.conditions:
        if isinstance(network, Estimator) and name not in needs:
            maps[name] = network.estimate(name, x)
        else:
            maps[name] = torch.full_like(x[:, :1], needs.get(name, 0.1))
    return maps


WHOLE = 1 << 30
"""The `receptive_field` of a network with attention or normalization over all pixels: it sees the whole image."""


@runtime_checkable
class SeesWhole(Protocol):
    """A VAE whose `receptive_field` is `WHOLE`: it is not cut into tiles, unless that is asked for.

    Then tiles have a halo of `overlap` pixels, and their results differ a little from those of the whole.
    """

    overlap: int


@runtime_checkable
class Upscaler(Protocol):
    """A VAE whose images are larger than what it encodes, by a whole factor."""

    def magnification(self, conditions: Mapping[str, Condition]) -> int:
        """The factor under these conditions; raises OptionError for one the VAE has not learned."""


@dataclass(frozen=True)
class ElboTerms:
    """One stochastic pass of the ELBO over images (B, C, H, W).

    `estimate` and `log_scale` are the image at the mean of the prior and the log of its Laplace scale; `sample`
    and `sample_log_scale` the same at a posterior sample; `kl` holds each level's nats, coarse to fine,
    summed over the grid and averaged over the batch.
    """

    estimate: Tensor
    log_scale: Tensor
    sample: Tensor
    sample_log_scale: Tensor
    kl: tuple[Tensor, ...]


@runtime_checkable
class TrainableVAE(VAE, Protocol):
    """A VAE that `vaeedit train` can fit."""

    def elbo_terms(self, latents: Latents, x: Tensor) -> ElboTerms:
        """The ELBO's parts for targets `x`, given `latents` of `encode`; `x` may hold only the first images of the batch."""


@runtime_checkable
class StartsFromData(Protocol):
    """A VAE whose training does not start from random weights alone."""

    def start_from(self, x: Tensor) -> None:
        """Set weights by some thousand training crops (B, C, P, P) in [0, 1]."""


@runtime_checkable
class ConditionalVAE(TrainableVAE, Protocol):
    """A VAE p(x | y) of a clean image x given an observed one y."""

    def infer(self, prior: Latents, x: Tensor) -> Latents:
        """The posterior q(z | y, x), given the prior latents of `encode(y)` and the clean image."""
