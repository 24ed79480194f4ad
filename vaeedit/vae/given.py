"""Conditional generative VAEs: under a condition they are generative VAEs like any other.

`given` binds the condition: the result is `Generative` and has `encode` and `decode`, and its distributions are q(z | x, c),
p(z | c) and p(x | z, c) of one condition c for each image. So what judges, trains or samples a generative VAE does the same
with p(x | c).
"""

from typing import Protocol, runtime_checkable

from torch import Tensor

from vaeedit.vae.draws import Generative
from vaeedit.vae.protocol import VAE


class GivenVae(Generative, VAE, Protocol):
    """A generative VAE, one condition for each image of a batch."""


@runtime_checkable
class Labeled(Protocol):
    """A VAE of images of known classes, p(x | label)."""

    classes: int
    """Number of classes."""

    def given_labels(self, labels: Tensor, *, guidance: float = 1.0) -> GivenVae:
        """The VAE of images of the classes `labels` (B,), from 0 to classes - 1; -1 is any class.

        `guidance` w moves the decoder's output away from that of any class: out(any) + w (out(label) - out(any))
        (classifier-free guidance, Ho & Salimans 2022); 1 is the model itself.
        """


@runtime_checkable
class Completing(Protocol):
    """A VAE of images of which a part is visible, p(x | visible part)."""

    def given_visible(self, x: Tensor, visible: Tensor) -> GivenVae:
        """The VAE of images (B, C, H, W) in [0, 1] that equal x where `visible` (B, 1, H, W), of 0 and 1, is 1."""


@runtime_checkable
class WeightPosterior(Protocol):
    """A VAE with a posterior q(w) over its weights.

    Its `draw` uses own weights for each image, so that the mean of the ELBO is that over q(w).
    """

    def given_weights(self, seed: int | None) -> GivenVae:
        """The VAE with one sample of the weights, which depends on `seed` alone; None: with their mean."""

    def weights_kl(self) -> Tensor:
        """KL(q(w) || p(w)) in nats, a scalar."""
