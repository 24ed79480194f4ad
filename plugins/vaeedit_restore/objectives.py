"""Objectives that train a restorer's estimate, ladder and noise estimate on pairs made from clean images."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from vaeedit.api import Estimator, Losses, Objective, TrainableVAE, restoration_losses
from vaeedit_restore.degradations import Observed, observe
from vaeedit_restore.options import NoiseEstimation, RestorationWeights

KNOWN_FIRST = 0.1
"""Share of the budget, at its start, in which every noise map is the true one."""


class Restoring(Objective[RestorationWeights]):
    """Trains all parts."""

    needs = (TrainableVAE, Estimator)

    @property
    def conditions(self) -> tuple[str, ...]:  # type: ignore[override]
        """The noise map and, if images are downscaled, the factor."""
        return ("sigma", "scale") if self.options.noise.scales else ("sigma",)

    def losses(self, vae: Any, x: Tensor, done: float) -> Losses:
        """Losses on crops x (B, 3, P, P) in [0, 1]; some are restored with the noise map that the model estimates."""
        seen = observe(x, self.options.noise)
        estimated = vae.estimate("sigma", seen.image)
        error = level_error(estimated, seen, self.options.noise.quantile)
        latents = vae.encode(seen.image, self._conditions(seen, estimated, done))
        losses = restoration_losses(vae, latents, seen.clean, self.options)
        return replace(losses, parts={**losses.parts, "noise": error})

    def _conditions(self, seen: Observed, estimated: Tensor, done: float) -> dict[str, Tensor]:
        sigma = seen.conditions["sigma"]
        share = self.options.noise.blind if done > KNOWN_FIRST else 0.0
        blind = torch.rand(len(sigma), 1, 1, 1, device=sigma.device) < share
        highest = self.options.noise.sigma / 255  # an early estimate may be anything
        level = torch.where(blind, estimated.detach().clamp_max(highest), sigma)
        error = self.options.noise.jitter * (2 * torch.rand_like(level[:, :, :1, :1]) - 1)
        return {**seen.conditions, "sigma": error.exp() * level}


class LadderAlone(Restoring):
    """Trains the ladder; the trunk and the noise estimate do not change."""

    def losses(self, vae: Any, x: Tensor, done: float) -> Losses:
        """The negative conditional ELBO on crops x (B, 3, P, P) in [0, 1]."""
        seen = observe(x, self.options.noise)
        with torch.no_grad():
            estimated = vae.estimate("sigma", seen.image)
            latents = vae.encode(seen.image, self._conditions(seen, estimated, done))
        losses = restoration_losses(vae, latents, seen.clean, self.options)
        return replace(losses, parts={"elbo": losses.parts["elbo"]})


class NoiseAlone(Objective[NoiseEstimation]):
    """Trains the noise estimate; the other parts do not change."""

    needs = (TrainableVAE, Estimator)
    conditions = ("sigma", "scale")

    def losses(self, vae: Any, x: Tensor, done: float) -> Losses:
        """The error of the noise estimate on crops x (B, 3, P, P) in [0, 1]; no image is restored."""
        seen = observe(x, self.options.noise)
        estimated = vae.estimate("sigma", seen.image)
        return Losses({"noise": level_error(estimated, seen, self.options.noise.quantile)})


def level_error(estimated: Tensor, seen: Observed, quantile: float = 0.5) -> Tensor:
    """The error of an estimated noise map (B, 1, h, w), in natural logarithms: a mean of absolute differences at 0.5.

    In general the loss of quantile regression (Koenker & Bassett 1978), doubled. Noise that is left harms a picture more
    than detail that is smoothed, so an estimate should rather be too high (Guo et al. 2019, section 3.3).
    """
    above = estimated.log() - seen.conditions["sigma"].clamp_min(0.3 / 255).log()
    return 2 * torch.maximum((1 - quantile) * above, -quantile * above).mean()
