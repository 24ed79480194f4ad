"""A dense layer with a posterior over its weights, and local reparametrization of its outputs.

The posterior of the weights W (outputs, inputs) is a matrix-variate Gaussian (Louizos & Welling 2016),

    q(W) = MN(M, diag(exp(2 s)), P^-1),    P = I + V V^T:

the weights of output i are N(M_i, exp(2 s_i) P^-1). Their precision P has a low rank beside the identity (as in SLANG,
Mishkin et al. 2018), so that a few directions of the inputs, those that training images have, are known well, and weights of
all others stay as uncertain as the prior leaves them. Biases are points.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

START = -4.0
"""Natural logarithm of the weights' standard deviation before training."""
SPREAD = 0.1
"""Standard deviation of the elements of V before training."""
GAIN = 10.0
"""V and s are stored divided by this: Adam's steps, which suit weights of a few hundredths, are too small for them."""


class UncertainLinear(nn.Linear):
    """x -> W x + b, where every row of x has its own sample of W."""

    def __init__(self, inputs: int, outputs: int, rank: int) -> None:
        super().__init__(inputs, outputs)
        self.stored_directions = nn.Parameter(SPREAD / GAIN * torch.randn(inputs, min(rank, inputs)))
        self.stored_log_scale = nn.Parameter(torch.full((outputs,), START / GAIN))

    @property
    def directions(self) -> Tensor:
        """V (inputs, rank)."""
        return GAIN * self.stored_directions

    @property
    def log_scale(self) -> Tensor:
        """s (outputs,)."""
        return GAIN * self.stored_log_scale

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs) -> (B, outputs): samples of N(M x + b, exp(2 s) x^T P^-1 x).

        For one sample of W for each row this is exact (local reparametrization, Kingma, Salimans & Welling 2015, eq. 6).
        """
        mean = super().forward(x).float()
        with _exact(x):
            wide = x.float()
            std = (wide * self._unprecise(wide)).sum(1, keepdim=True).clamp_min(0).sqrt()
            noisy: Tensor = mean + std * self.log_scale.exp() * torch.randn_like(mean)
        return noisy

    def sample(self, generator: torch.Generator) -> Tensor:
        """One sample of W (outputs, inputs), made on the CPU: the same on every device.

        P^-1 (e + V f) has the covariance P^-1 P P^-1 for e and f of the covariance I.
        """
        inputs, rank = self.directions.shape
        noise, other = (
            torch.randn(len(self.log_scale), size, generator=generator) for size in (inputs, rank)
        )
        with _exact(self.weight):
            drawn = noise.to(self.weight) + other.to(self.weight) @ self.directions.T
            made: Tensor = self.weight + self.log_scale.exp()[:, None] * self._unprecise(drawn)
        return made

    def kl(self) -> Tensor:
        """KL(q(W) || N(0, p^2 I)) in nats, for the variance p^2 of the prior at which it is least (empirical Bayes)."""
        outputs, inputs = self.weight.shape
        with _exact(self.weight):
            gram = self._gram()
            trace = inputs - len(gram) + torch.linalg.inv(gram).trace()  # of P^-1
            variances = (2 * self.log_scale).exp().sum() * trace
            prior = (variances + self.weight.square().sum()) / (inputs * outputs)
            volume = 2 * inputs * self.log_scale.sum() - outputs * torch.logdet(gram)
        nats: Tensor = 0.5 * (inputs * outputs * prior.log() - volume)
        return nats

    def _gram(self) -> Tensor:
        """I + V^T V (rank, rank), whose determinant is that of P."""
        directions = self.directions
        return torch.eye(directions.shape[1], device=directions.device) + directions.T @ directions

    def _unprecise(self, x: Tensor) -> Tensor:
        """P^-1 of each row of x (B, inputs), by Woodbury's identity."""
        inner = torch.linalg.solve(self._gram(), (x @ self.directions).T)
        return x - linear(inner.T, self.directions)


def uncertain(layer: nn.Module, rank: int) -> UncertainLinear:
    """A dense layer with a posterior around its weights."""
    assert isinstance(layer, nn.Linear)
    made = UncertainLinear(layer.in_features, layer.out_features, rank)
    made.load_state_dict(layer.state_dict(), strict=False)
    return made


def _exact(x: Tensor) -> torch.autocast:
    """No reduced precision: small differences of large numbers follow."""
    return torch.autocast(x.device.type, enabled=False)
