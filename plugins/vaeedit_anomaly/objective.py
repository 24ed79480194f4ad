"""What trains the restorer of normals: to mend, and to find, what it has spoiled itself."""

from dataclasses import replace
from typing import Any

from torch import Tensor

from vaeedit.api import Losses, Objective, restoration_losses
from vaeedit_anomaly import DefectWeights


class Mending(Objective[DefectWeights]):
    """The conditional losses of mending synthetic defects, and the error about where they are."""

    def losses(self, vae: Any, x: Tensor, done: float) -> Losses:
        """Of freshly spoiled copies."""
        observed, labels = vae.spoil(x)
        latents = vae.encode(observed, {})
        found = restoration_losses(vae, latents, x, self.options)
        label = self.options.label * vae.label_loss(latents, labels)
        return replace(found, parts={**found.parts, "label": label})
