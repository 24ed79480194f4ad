"""Losses of objectives: distances of images, and the negative ELBO. All return a scalar tensor.

Images `x`, `mean` and `estimate` are (B, C, H, W) in [0, 1]; `log_scale`, the natural logarithm of a Laplace scale, has
the same shape.
"""

import math

import torch
from torch import Tensor

from vaeedit.training.weights import ConditionalWeights, ElboWeights
from vaeedit.vae.protocol import ElboTerms


def laplace_nll(x: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor:
    """-log p(x) of a Laplace distribution, |x - mean| / b + log 2b with b = exp(log_scale): mean in nats per value."""
    return ((x - mean).abs() * torch.exp(-log_scale) + log_scale).mean() + math.log(2)


def log_mse(x: Tensor, estimate: Tensor, floor: float = 1e-6) -> Tensor:
    """Mean over images of log(MSE + floor), which is PSNR up to a constant factor (Chen et al. 2021, HINet).

    All noise levels have the same weight.
    """
    return torch.log((estimate - x).square().mean((1, 2, 3)) + floor).mean()


def log_mse_to_40(x: Tensor, estimate: Tensor) -> Tensor:
    """`log_mse` in which errors far below 1 % (40 dB) do not matter: images with larger errors improve first."""
    return log_mse(x, estimate, floor=1e-4)


def charbonnier(x: Tensor, estimate: Tensor, epsilon: float = 1e-3) -> Tensor:
    """Mean of sqrt(error^2 + epsilon^2), a smooth L1 (Charbonnier et al. 1994); flat crops do not dominate it."""
    return torch.sqrt((estimate - x).square() + epsilon**2).mean()


DISTANCES = {"log-mse": log_mse, "log-mse-to-40": log_mse_to_40, "charbonnier": charbonnier}
"""Distances of an estimate from the clean image, by the name that a recipe uses."""


def negative_elbo(terms: ElboTerms, x: Tensor, beta: float) -> Tensor:
    """-ELBO in nats per value, with the weight `beta` on the KL divergence (Higgins et al. 2017)."""
    kl = torch.stack(terms.kl).sum() / x[0].numel()
    return laplace_nll(x, terms.sample, terms.sample_log_scale) + beta * kl


def conditional_losses(terms: ElboTerms, x: Tensor, weights: ConditionalWeights) -> dict[str, Tensor]:
    """The distance of the estimate, and the negative conditional ELBO of the residual (Sohn et al. 2015, eq. 4).

    The second part also holds the likelihood at the prior mean. It trains the scale at the prior mean, which is the
    uncertainty that is shown without sampling, and nothing else.
    """
    count = len(terms.sample)
    anchor = terms.estimate[:count].detach()
    at_mean = laplace_nll(x[:count], anchor, terms.log_scale)
    return {
        "restoration": DISTANCES[weights.mean](x, terms.estimate),
        "elbo": weights.elbo * (negative_elbo(terms, x[:count], weights.kl) + weights.prior * at_mean),
    }


def elbo_loss(terms: ElboTerms, x: Tensor, weights: ElboWeights) -> dict[str, Tensor]:
    """The negative ELBO alone, times its weight."""
    return {"elbo": weights.elbo * negative_elbo(terms, x, weights.kl)}
