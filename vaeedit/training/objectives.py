"""What training minimises. A loss takes the ELBO's parts and the targets and returns named parts; their sum is the loss."""

import math

import torch
from torch import Tensor

from vaeedit.training.recipe import Objective
from vaeedit.vae.protocol import ElboTerms


def laplace_nll(x: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor:
    """-log p(x) of a Laplace distribution, in nats per value: |x - mean| / b + log 2b, averaged."""
    return ((x - mean).abs() * torch.exp(-log_scale) + log_scale).mean() + math.log(2)


def log_mse(x: Tensor, estimate: Tensor, floor: float = 1e-6) -> Tensor:
    """Mean over images of log MSE: PSNR up to a constant factor (Chen et al. 2021), so every noise level counts alike."""
    return torch.log((estimate - x).square().mean((1, 2, 3)) + floor).mean()


def log_mse_to_40(x: Tensor, estimate: Tensor) -> Tensor:
    """The same, but errors far below 1 % (40 dB) count no more: of images at several rates, the worst are mended first."""
    return log_mse(x, estimate, floor=1e-4)


def charbonnier(x: Tensor, estimate: Tensor, epsilon: float = 1e-3) -> Tensor:
    """Mean of sqrt(error^2 + epsilon^2), a smooth L1 (Charbonnier et al. 1994); flat crops do not outweigh the others."""
    return torch.sqrt((estimate - x).square() + epsilon**2).mean()


def negative_elbo(terms: ElboTerms, x: Tensor, weights: Objective) -> Tensor:
    """-ELBO in nats per value, with weight beta on the KL (Higgins et al. 2017)."""
    kl = torch.stack(terms.kl).sum() / x[0].numel()
    return laplace_nll(x, terms.sample, terms.sample_log_scale) + weights.kl * kl


DISTANCES = {"log-mse": log_mse, "log-mse-to-40": log_mse_to_40, "charbonnier": charbonnier}
"""What the trunk minimises, by the name a recipe uses."""


def restoration(terms: ElboTerms, x: Tensor, weights: Objective) -> dict[str, Tensor]:
    """Distance of the estimate, the conditional ELBO of the residual, and the likelihood at the prior mean.

    The last one teaches the scale at the prior mean, which is the uncertainty shown without sampling; it
    reaches no other part.
    """
    seen = len(terms.sample)
    anchor = terms.estimate[:seen].detach()
    at_mean = laplace_nll(x[:seen], anchor, terms.log_scale)
    return {
        "restoration": DISTANCES[weights.mean](x, terms.estimate),
        "elbo": weights.elbo * (negative_elbo(terms, x[:seen], weights) + weights.prior * at_mean),
    }


def unconditional(terms: ElboTerms, x: Tensor, weights: Objective) -> dict[str, Tensor]:
    """The negative ELBO alone."""
    return {"elbo": weights.elbo * negative_elbo(terms, x, weights)}


def reconstruction(terms: ElboTerms, x: Tensor, weights: Objective) -> dict[str, Tensor]:
    """Distance of a decoded posterior sample from the image, and the negative ELBO."""
    return {
        "reconstruction": DISTANCES[weights.mean](x, terms.estimate),
        **unconditional(terms, x, weights),
    }


OBJECTIVES = {"restoration": restoration, "reconstruction": reconstruction, "elbo": unconditional}
"""Objectives by the name a recipe uses."""
