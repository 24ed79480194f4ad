"""The protocols of a VAE: a network class satisfies one by having its members, without inheriting from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from vaeedit.image.frame import Condition
from vaeedit.vae.latents import Decoded, Latents


@runtime_checkable
class Network(Protocol):
    """A network that can be trained and stored: a `VAE`, or another kind, which edits no image."""

    channels: int
    """Image channels."""


@runtime_checkable
class VAE(Network, Protocol):
    """Encoder and decoder over (B, C, H, W) tensors in [0, 1] whose sides are multiples of `multiple`.

    A result at a pixel depends on inputs at most `receptive_field` pixels away, so that tiles equal the whole.
    """

    multiple: int
    """Height and width are padded to a multiple of this many pixels."""
    conditions: tuple[str, ...]
    """Names of the conditions, maps (B, 1, H, W), that `encode` supports besides the image.

    A class attribute. Another one, `needs`, may map those that are required to a value that suits any image; a third one,
    `optional`, may name further ones, which `encode` gets only from an operation that sets them.
    """

    @property
    def receptive_field(self) -> int:
        """Radius in pixels of the input that one output pixel (mean, std or estimate) depends on.

        Either a known number, or `cached_property(receptive_radius)`, which measures it.
        """

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        """The distribution of the latents given images x (B, C, H, W) in [0, 1].

        That is the posterior q(z | x) or, for a conditional VAE that observes x = y, the prior p(z | y).
        """

    def decode(self, latents: Latents, *, std: bool = False) -> Decoded:
        """The image (B, C, H, W) at the means of `latents`; with `std`, also the standard deviation of each value."""


@runtime_checkable
class Estimator(Protocol):
    """A VAE that can estimate a condition from the image alone."""

    def estimate(self, name: str, x: Tensor) -> Tensor:
        """The map (B, 1, H, W) of the condition `name`."""


def sample_conditions(network: VAE, x: Tensor) -> dict[str, Tensor]:
    """A map (B, 1, H, W) of each condition for images x (B, C, H, W) in [0, 1].

    It is the value in `needs`, else the VAE's estimate, else 0.1 everywhere.
    """
    needs: Mapping[str, float] = getattr(network, "needs", {})
    maps = {}
    for name in network.conditions:
        if isinstance(network, Estimator) and name not in needs:
            maps[name] = network.estimate(name, x)
        else:
            maps[name] = torch.full_like(x[:, :1], needs.get(name, 0.1))
    return maps


WHOLE = 1 << 30
"""The `receptive_field` of a network with attention or normalization over all pixels."""


@runtime_checkable
class SeesWhole(Protocol):
    """A VAE whose `receptive_field` is `WHOLE`: an image is cut into tiles only if the user asks for it.

    Then tiles have a halo of `overlap` pixels, and the result differs a little from that of the whole image.
    """

    overlap: int


@runtime_checkable
class FixedSize(Protocol):
    """A VAE that takes images of one size only: `VAE.multiple` does not matter then, and no image is cut into tiles."""

    size: tuple[int, int]
    """Height and width in pixels."""


@runtime_checkable
class Upscaler(Protocol):
    """A VAE whose decoded images are larger than the encoded ones, by a whole factor."""

    def magnification(self, conditions: Mapping[str, Condition]) -> int:
        """The factor under these conditions; raises OptionError for a factor that the VAE does not support."""


@dataclass(frozen=True)
class ElboTerms:
    """One stochastic pass of the ELBO over images (B, C, H, W).

    `estimate` and `log_scale` (B, C, H, W) are the image at the mean of the prior and the log of its Laplace scale;
    `sample` and `sample_log_scale` are the same at a posterior sample; `kl` holds the nats of each level, coarse to
    fine, summed over the grid and averaged over the batch.
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
        """The ELBO's terms for targets x (B, C, H, W), given `latents` of `encode`; x may hold fewer images."""


@runtime_checkable
class StartsFromData(Protocol):
    """A VAE that initializes weights from data before training."""

    def start_from(self, x: Tensor) -> None:
        """Initialize weights from some thousand training crops (B, C, P, P) in [0, 1]."""


@runtime_checkable
class ConditionalVAE(TrainableVAE, Protocol):
    """A VAE p(x | y) of a clean image x given an observed one y."""

    def infer(self, prior: Latents, x: Tensor) -> Latents:
        """The posterior q(z | y, x), given the prior latents of `encode(y)` and the clean image x (B, C, H, W) in [0, 1]."""
