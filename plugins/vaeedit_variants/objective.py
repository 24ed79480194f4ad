"""The objective of generative models: bounds of the likelihood."""

from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from vaeedit.api import Generative, Labeled, Losses, Objective, OptionError, WeightPosterior, importance_bound
from vaeedit_variants.options import BoundOptions, ElboOptions

B = TypeVar("B", bound=BoundOptions)


class NegativeBound(Objective[B], Generic[B]):
    """Minimizes -log p(x | z) + beta KL(q(z | x) || p(z)), in nats per image.

    For a posterior q(w) over the weights, KL(q(w) || p(w)) is added, times the temperature and divided by the number of
    training images.
    """

    needs: tuple[type, ...] = (Generative,)
    unit = "nats per image"
    conditions = ("label", "weights")

    def losses(self, vae: Any, x: Tensor, done: float) -> Losses:
        """The distortion and the rate of images x (B, C, H, W) in [0, 1], or minus the importance-weighted bound."""
        parts = self._of_weights(vae)
        if self.options.binarize:
            x = torch.bernoulli(x)
        features = vae.features(x)
        draws = [vae.draw(x, features) for _ in range(self.options.draws)]
        if len(draws) > 1:
            return Losses({"bound": -importance_bound(draws).float().mean(), **parts})
        (draw,) = draws
        beta = self.options.beta * min(1.0, done / self.options.warmup if self.options.warmup else 1.0)
        kl = torch.stack([level.mean() for level in draw.kl])
        rate = beta * kl.clamp_min(self.options.free_nats).sum()
        levels = {f"kl_{level}": nats for level, nats in enumerate(kl, 1) if len(kl) > 1}
        parts = {"distortion": -draw.log_likelihood.mean(), "rate": rate, **parts}
        return Losses(parts, measured={"kl": kl.sum(), **levels})

    def _of_weights(self, vae: Any) -> dict[str, Tensor]:
        if not isinstance(vae, WeightPosterior):
            return {}
        if not self.images:
            raise OptionError(
                "A posterior over the weights needs the number of training images, which is not known of tar shards; "
                "train on a folder of images, or on idx files."
            )
        return {"weights": self.options.temperature * vae.weights_kl() / self.images}


class NegativeElbo(NegativeBound[ElboOptions]):
    """The same; of a network of labeled images, bounds of p(x | label)."""

    def labeled_losses(self, vae: Any, x: Tensor, labels: Tensor, done: float) -> Losses:
        """The same; a network of labeled images learns p(x | label) and, of the images whose label is dropped, p(x)."""
        if isinstance(vae, Labeled):
            dropped = torch.rand(len(labels), device=labels.device) < self.options.drop_labels
            vae = vae.given_labels(torch.where(dropped, -1, labels))
        return self.losses(vae, x, done)
