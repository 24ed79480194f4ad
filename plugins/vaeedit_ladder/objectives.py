"""Objectives of unconditional VAEs."""

from typing import Any

from torch import Tensor

from vaeedit.api import DISTANCES, ElboWeights, Losses, Objective, elbo_loss


class Elbo(Objective[ElboWeights]):
    """The negative ELBO alone."""

    def losses(self, vae: Any, x: Tensor, done: float) -> Losses:
        """Losses of one posterior sample; x is (B, C, P, P) in [0, 1]."""
        terms = vae.elbo_terms(vae.encode(x, {}), x)
        return Losses(elbo_loss(terms, x, self.options), x, terms.estimate)


class Reconstruction(Objective[ElboWeights]):
    """Distance of a decoded posterior sample from the image, and the negative ELBO."""

    def losses(self, vae: Any, x: Tensor, done: float) -> Losses:
        """Losses of one posterior sample; x is (B, C, P, P) in [0, 1]."""
        terms = vae.elbo_terms(vae.encode(x, {}), x)
        distance = DISTANCES[self.options.mean](x, terms.estimate)
        return Losses({"reconstruction": distance, **elbo_loss(terms, x, self.options)}, x, terms.estimate)
