"""The objective that trains the restorer of normals to repair and to find synthetic defects."""

from dataclasses import replace
from typing import Any

from torch import Tensor

from vaeedit.api import Losses, Objective, restoration_losses
from vaeedit_anomaly import DefectWeights
from vaeedit_anomaly.network import NormalRestorer


class Mending(Objective[DefectWeights]):
    """The conditional losses of repairing synthetic defects, and the error of their predicted places."""

    needs = (NormalRestorer,)

    def losses(self, vae: Any, x: Tensor, done: float) -> Losses:
        """Losses on normal crops x (B, C, P, P) in [0, 1], damaged by new random defects in each step."""
        observed, labels = vae.spoil(x)
        latents = vae.encode(observed, {})
        losses = restoration_losses(vae, latents, x, self.options)
        label = self.options.label * vae.label_loss(latents, labels)
        return replace(losses, parts={**losses.parts, "label": label})
