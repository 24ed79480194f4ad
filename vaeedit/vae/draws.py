"""What one posterior sample says about the likelihood of images: the terms of the ELBO and an importance weight."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from vaeedit.vae.latents import Gaussian, Latents
from vaeedit.vae.likelihoods import Likelihood


@dataclass(frozen=True)
class Draw:
    """One sample z ~ q(z | x) for each of B images; all terms are (B,), in nats per image.

    `log_likelihood` is log p(x | z). `kl` holds KL(q || p) of each level, coarse to fine, in closed form, and `log_ratio`
    is log q(z | x) - log p(z) at the sample. `likelihood` is p(x | z), and `codes` holds the mean of q of each level,
    (B, C, h, w), given the sample's coarser levels.
    """

    log_likelihood: Tensor
    kl: tuple[Tensor, ...]
    log_ratio: Tensor
    likelihood: Likelihood
    codes: tuple[Tensor, ...] = ()

    @property
    def elbo(self) -> Tensor:
        """The evidence lower bound (B,), in nats: log p(x | z) - KL (Kingma & Welling 2014, eq. 3)."""
        return self.log_likelihood - torch.stack(self.kl).sum(0)

    @property
    def log_weight(self) -> Tensor:
        """log p(x, z) - log q(z | x), (B,), in nats: the logarithm of an importance weight of p(x)."""
        return self.log_likelihood - self.log_ratio


@runtime_checkable
class Generative(Protocol):
    """A VAE with a prior p(z) and a likelihood p(x | z), for images (B, C, H, W) in [0, 1].

    Images have any size, unless the VAE is `FixedSize`.
    """

    def features(self, x: Tensor) -> Any:
        """The part of the encoder that all samples of q(z | x) share."""

    def draw(self, x: Tensor, features: Any) -> Draw:
        """One posterior sample for each image x, given its `features`."""

    def prior(self, count: int, size: tuple[int, int]) -> Latents:
        """p(z) for `count` images of `size` (height, width)."""


def importance_bound(draws: Iterable[Draw]) -> Tensor:
    """log(1/K sum_k w_k) of K draws, (B,), in nats: a lower bound of log p(x) (Burda et al. 2016, eq. 8).

    Raises ValueError where there is no draw.
    """
    total, count = None, 0
    for draw in draws:
        weight = draw.log_weight.double()
        total = weight if total is None else torch.logaddexp(total, weight)
        count += 1
    if total is None:
        raise ValueError("the importance-weighted bound needs at least one draw")
    return total - math.log(count)


def sampled(posterior: Gaussian) -> tuple[Tensor, Tensor, Tensor]:
    """A reparametrized sample z of q = N(m, s^2) (Kingma & Welling 2014), beside the prior N(0, I).

    Returns z (B, C, h, w), and per image (B,) in nats: KL(q || N(0, I)), and log q(z) - log N(z; 0, I).
    """
    assert posterior.log_scale is not None
    mean, log_scale = posterior.mean, posterior.log_scale
    noise = torch.randn_like(mean)
    z = mean + log_scale.exp() * noise
    kl = 0.5 * (mean**2 + torch.exp(2 * log_scale) - 1) - log_scale
    ratio = 0.5 * (z**2 - noise**2) - log_scale
    return z, kl.flatten(1).sum(1), ratio.flatten(1).sum(1)
