"""Likelihoods p(x | z) of images: distributions of the values of an image, given the output of a decoder.

A likelihood is made of the decoder's output (B, P, H, W), where P is `parameters(C)` for images of C channels. Its members
are (B, C, H, W): `log_prob` in nats, `mean`, `std` and `sample` in units of [0, 1]. Values are independent, given z.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid, softplus

from vaeedit.vae.likelihood_names import LikelihoodName

LOG_SCALES = (-7.0, 2.0)
"""Range of the natural logarithm of a predicted scale."""
LEVELS = 256
"""Values that 8-bit images take."""


class Likelihood(ABC):
    """Distribution of images (B, C, H, W)."""

    per_channel: ClassVar[int]
    """Channels of the decoder's output for each channel of the image."""

    def __init__(self, out: Tensor) -> None:
        self.out: Tensor = out.float()
        """The decoder's output (B, P, H, W)."""

    @classmethod
    def parameters(cls, channels: int) -> int:
        """Channels of the decoder's output for images of so many channels."""
        return cls.per_channel * channels

    @classmethod
    def start(cls, channels: int) -> list[float]:
        """Outputs (P) of a decoder before training: of a distribution that is wide enough for all images."""
        return [0.0] * cls.parameters(channels)

    @abstractmethod
    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x | z) of each value of images x in [0, 1], in nats."""

    @property
    @abstractmethod
    def mean(self) -> Tensor:
        """Mean of each value."""

    @property
    @abstractmethod
    def std(self) -> Tensor:
        """Standard deviation of each value."""

    @abstractmethod
    def sample(self) -> Tensor:
        """One draw of each value, by torch's global generator."""


class Bernoulli(Likelihood):
    """Values are 0 or 1; the decoder predicts the logit of 1. For gray x, log p is the negative cross-entropy."""

    per_channel = 1

    def log_prob(self, x: Tensor) -> Tensor:
        """x log p + (1 - x) log(1 - p)."""
        return -binary_cross_entropy_with_logits(self.out, x, reduction="none")

    @property
    def mean(self) -> Tensor:
        """The probability of 1."""
        return self.out.sigmoid()

    @property
    def std(self) -> Tensor:
        """sqrt(p (1 - p))."""
        return (self.mean * (1 - self.mean)).sqrt()

    def sample(self) -> Tensor:
        """0 or 1."""
        return torch.bernoulli(self.mean)


class Gaussian(Likelihood):
    """Normal distribution; the decoder predicts the mean and the natural logarithm of the standard deviation."""

    per_channel = 2
    """Mean and log scale."""

    def __init__(self, out: Tensor) -> None:
        super().__init__(out)
        self._mean, log_scale = self.out.chunk(2, 1)
        self.log_scale = log_scale.clamp(*LOG_SCALES)
        """Natural logarithm of the scale."""
        self._scale = self.log_scale.exp()

    @classmethod
    def start(cls, channels: int) -> list[float]:
        """Mean 0.5, scale exp(-2)."""
        return [0.5] * channels + [-2.0] * channels

    def log_prob(self, x: Tensor) -> Tensor:
        """Logarithm of the density."""
        return (
            -0.5 * ((x - self._mean) / self._scale) ** 2
            - torch.log(self._scale)
            - 0.5 * math.log(2 * math.pi)
        )

    @property
    def mean(self) -> Tensor:
        """As predicted."""
        return self._mean

    @property
    def std(self) -> Tensor:
        """As predicted."""
        return self._scale

    def sample(self) -> Tensor:
        """One draw of a normal distribution."""
        return self._mean + self._scale * torch.randn_like(self._mean)


class FixedGaussian(Gaussian):
    """Normal distribution of the standard deviation 0.1; the decoder predicts the mean."""

    per_channel = 1
    scale: ClassVar[float] = 0.1

    def __init__(self, out: Tensor) -> None:
        super().__init__(torch.cat([out, torch.full_like(out, math.log(self.scale))], 1))

    @classmethod
    def start(cls, channels: int) -> list[float]:
        """Mean 0.5."""
        return [0.5] * channels


class Laplace(Gaussian):
    """Laplace distribution; the decoder predicts the mean and the natural logarithm of the scale b."""

    def log_prob(self, x: Tensor) -> Tensor:
        """-|x - mean| / b - log 2b."""
        return -(x - self._mean).abs() / self._scale - torch.log(2 * self._scale)

    @property
    def std(self) -> Tensor:
        """sqrt(2) b."""
        return self._scale * 2**0.5

    def sample(self) -> Tensor:
        """The difference of two exponential draws."""
        first, second = torch.empty_like(self._mean), torch.empty_like(self._mean)
        return self._mean + self._scale * (first.exponential_() - second.exponential_())


class LogisticMixture(Likelihood):
    """Mixture of logistic distributions, rounded to the 256 values of 8-bit images (Salimans et al. 2017, eq. 2).

    The lowest and the highest value hold the tails. Channels are independent, other than in that paper.
    """

    components: ClassVar[int] = 5
    per_channel = 3 * components

    def __init__(self, out: Tensor) -> None:
        super().__init__(out)
        batch, _, *size = self.out.shape
        parts = self.out.reshape(batch, -1, 3, self.components, *size)
        self._log_weights = parts[:, :, 0].log_softmax(2)
        # over the range before training, so that no component has all values to itself
        start = torch.linspace(0, 1, self.components, device=out.device)[:, None, None]
        self._means, self._log_scales = start + parts[:, :, 1], parts[:, :, 2].clamp(*LOG_SCALES)

    def log_prob(self, x: Tensor) -> Tensor:
        """Logarithm of the probability of each 8-bit value, x = 0, 1/255, ..., 1."""
        half = 0.5 / (LEVELS - 1)
        x = x[:, :, None]
        above, below = self._standardized(x + half), self._standardized(x - half)
        inside = _log_of_difference(above, below)
        log_p = torch.where(x < half, logsigmoid(above), torch.where(x > 1 - half, -softplus(below), inside))
        return torch.logsumexp(self._log_weights + log_p, 2)

    @property
    def mean(self) -> Tensor:
        """Mean of the 8-bit values."""
        return self._moment(lambda value: 1.0)

    @property
    def std(self) -> Tensor:
        """Standard deviation of the 8-bit values."""
        square: Tensor = self._moment(lambda value: (2 * value + 1) / (LEVELS - 1))
        return (square - self.mean**2).clamp_min(0).sqrt()

    def sample(self) -> Tensor:
        """One of the 8-bit values."""
        gumbel = -torch.empty_like(self._log_weights).exponential_().log()
        chosen = (self._log_weights + gumbel).argmax(2, keepdim=True)  # a draw of the component (Gumbel 1954)
        u = torch.rand_like(chosen, dtype=torch.float32).clamp(1e-6, 1 - 1e-6)
        drawn: Tensor = self._means.gather(2, chosen) + self._log_scales.gather(
            2, chosen
        ).exp() * torch.logit(u)
        return (drawn[:, :, 0].clamp(0, 1) * (LEVELS - 1)).round() / (LEVELS - 1)

    def _standardized(self, x: Tensor) -> Tensor:
        return (x - self._means) * torch.exp(-self._log_scales)

    def _moment(self, step: Callable[[int], float]) -> Tensor:
        """E[f(x)] with f(0) = 0 and f((k + 1) / 255) - f(k / 255) = step(k) / 255: sum over k of step(k) P(x > k / 255)."""
        total = torch.zeros_like(self._means[:, :, 0])
        for value in range(LEVELS - 1):
            beyond = torch.sigmoid(-self._standardized(torch.tensor((value + 0.5) / (LEVELS - 1))))
            total += step(value) * (self._log_weights.exp() * beyond).sum(2)
        return total / (LEVELS - 1)


def _log_of_difference(above: Tensor, below: Tensor) -> Tensor:
    """log(sigmoid(above) - sigmoid(below)) for above > below, without cancellation.

    sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a)).
    """
    return logsigmoid(above) + logsigmoid(-below) + torch.log(-torch.expm1(below - above))


LIKELIHOODS: dict[LikelihoodName, type[Likelihood]] = {
    "bernoulli": Bernoulli,
    "gaussian": Gaussian,
    "fixed-gaussian": FixedGaussian,
    "laplace": Laplace,
    "logistic-mixture": LogisticMixture,
}
"""Likelihoods by the names that the config of a network uses (`LikelihoodName`)."""
