"""What trains the restorer of normals: to mend, and to find, what it has spoilt itself."""

from typing import Any

from torch import Tensor

from vaeedit.api import Losses, Objective, conditional_losses
from vaeedit_anomaly import DefectWeights


class Mending(Objective[DefectWeights]):
    """The conditional losses of mending synthetic defects, and the error about where they are."""

    def losses(self, vae: Any, x: Tensor, done: float) -> Losses:
        """Of freshly spoilt copies."""
        observed, labels = vae.spoil(x)
        latents = vae.encode(observed, {})
        count = max(1, round(self.options.share * len(x)))
        terms = vae.elbo_terms(latents, x[:count])
        found = self.options.label * vae.label_loss(latents, labels)
        return Losses({**conditional_losses(terms, x, self.options), "label": found}, x, terms.estimate)
