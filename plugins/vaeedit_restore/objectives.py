"""What trains a restorer: its estimate, its ladder and its estimate of the noise, of pairs made from clean images."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from vaeedit.api import Estimator, Losses, Objective, restoration_losses
from vaeedit_restore.degradations import Observed, observe
from vaeedit_restore.options import NoiseEstimation, RestorationWeights

KNOWN_FIRST = 0.1
"""Share of the budget in which every noise map is the true one."""


class Restoring(Objective[RestorationWeights]):
    """Everything."""

    def losses(self, vae: Any, x: Tensor, done: float) -> Losses:
        """Some of the images are restored with the noise map that the model itself has estimated."""
        seen = observe(x, self.options.noise)
        estimated, error = _noise(vae, seen)
        latents = vae.encode(seen.image, self._conditions(seen, estimated, done))
        found = restoration_losses(vae, latents, seen.clean, self.options)
        return replace(found, parts={**found.parts, "noise": error})

    def _conditions(self, seen: Observed, estimated: Tensor, done: float) -> dict[str, Tensor]:
        sigma = seen.conditions["sigma"]
        share = self.options.noise.blind if done > KNOWN_FIRST else 0.0
        blind = torch.rand(len(sigma), 1, 1, 1, device=sigma.device) < share
        highest = self.options.noise.sigma / 255  # an early estimate may be anything
        return {**seen.conditions, "sigma": torch.where(blind, estimated.detach().clamp_max(highest), sigma)}


class LadderAlone(Restoring):
    """The trunk and the noise estimate stay as they are."""

    def losses(self, vae: Any, x: Tensor, done: float) -> Losses:
        """The conditional ELBO."""
        seen = observe(x, self.options.noise)
        with torch.no_grad():
            estimated, _ = _noise(vae, seen)
            latents = vae.encode(seen.image, self._conditions(seen, estimated, done))
        found = restoration_losses(vae, latents, seen.clean, self.options)
        return replace(found, parts={"elbo": found.parts["elbo"]})


class NoiseAlone(Objective[NoiseEstimation]):
    """Everything else stays as it is."""

    def losses(self, vae: Any, x: Tensor, done: float) -> Losses:
        """Error of the noise estimate; no image is restored."""
        return Losses({"noise": _noise(vae, observe(x, self.options.noise))[1]})


def _noise(vae: Any, seen: Observed) -> tuple[Tensor, Tensor]:
    """The model's noise map of the observed images, and its mean absolute error in log units."""
    assert isinstance(vae, Estimator)
    estimated = vae.estimate("sigma", seen.image)
    return estimated, (estimated.log() - seen.conditions["sigma"].clamp_min(0.3 / 255).log()).abs().mean()
