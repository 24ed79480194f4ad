"""Calibration of p(x | z): whether the predicted variances of values match the errors of the predicted means."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from vaeedit.api import LIKELIHOODS, Likelihood, interval

BINS = 15
"""Intervals of equal width of the predicted probability (Guo et al. 2017)."""


@dataclass
class Calibration:
    """Collects values of images beside the distributions that a decoder predicts for them."""

    binary: bool = False
    sums: Tensor = field(default_factory=lambda: torch.zeros(3, BINS, dtype=torch.float64))
    """Of each bin: values, their sum, and the sum of the predicted probabilities."""
    squares: float = 0.0
    inside: float = 0.0
    count: int = 0

    def add(self, likelihood: Likelihood, x: Tensor) -> None:
        """Add images x (B, C, H, W) with their distribution; those of other likelihoods are left out."""
        if not isinstance(likelihood, (LIKELIHOODS["bernoulli"], LIKELIHOODS["gaussian"])):
            return
        mean, self.binary = likelihood.mean, isinstance(likelihood, LIKELIHOODS["bernoulli"])
        if self.binary:
            bins = (mean.flatten() * BINS).long().clamp(0, BINS - 1).cpu()
            for row, values in zip(self.sums, (torch.ones_like(x), x, mean), strict=True):
                row += torch.bincount(bins, values.flatten().double().cpu(), BINS)
            return
        residual = ((x - mean) / likelihood.std.clamp_min(1e-9)).double()
        self.squares += residual.square().sum().item()
        self.inside += (residual.abs() <= interval()).sum().item()
        self.count += residual.numel()

    def figures(self) -> dict[str, float]:
        """For binary values the expected calibration error, else deviation and 90 % coverage of standardized residuals.

        The expected calibration error is the mean distance between predicted probability and frequency of 1, over `BINS`
        bins; nothing where no image was added. A calibrated model has a deviation of 1 and a coverage of about 0.9 (0.902
        for Laplace, as the interval is that of a normal distribution).
        """
        if self.binary:
            count, ones, predicted = self.sums
            return {"calibration_error": round(((ones - predicted).abs().sum() / count.sum()).item(), 5)}
        if not self.count:
            return {}
        return {
            "residual_deviation": round((self.squares / self.count) ** 0.5, 4),
            "coverage_90": round(self.inside / self.count, 4),
        }
