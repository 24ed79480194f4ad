"""Objectives: what training minimizes, and how a recipe names one."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec
import torch
from torch import Tensor

from vaeedit.errors import OptionError
from vaeedit.extension.registry import Registry
from vaeedit.extension.specs import call_target
from vaeedit.options import Options
from vaeedit.training.losses import conditional_losses
from vaeedit.training.recipe import Recipe
from vaeedit.training.weights import ConditionalWeights
from vaeedit.vae.protocol import Network, TrainableVAE

O = TypeVar("O", bound=Options)


@dataclass(frozen=True)
class Losses:
    """The losses of one step: scalar `parts` by name, whose sum is minimized.

    `clean` images and their `estimate`, both (B, C, H, W) in [0, 1], are compared for the log; both are None where an
    objective estimates no image. `measured` holds further scalars for the log, which are not minimized.
    """

    parts: dict[str, Tensor]
    clean: Tensor | None = None
    estimate: Tensor | None = None
    measured: dict[str, Tensor] = field(default_factory=dict)

    def psnr(self) -> Tensor | None:
        """PSNR of the estimate in dB, the mean over images as a scalar; None where there is no estimate."""
        if self.clean is None or self.estimate is None:
            return None
        mse = (self.estimate.detach() - self.clean).square().mean((1, 2, 3))
        return (-10 * torch.log10(mse + 1e-10)).mean()


class Objective(ABC, Generic[O]):
    """One way to train a network; each run makes one, with the options that stand beside `kind` in the recipe."""

    needs: tuple[type, ...] = (TrainableVAE,)
    """Protocols that the network must satisfy."""
    conditions: tuple[str, ...] = ()
    """Names of the conditions that `losses` gives to the VAE."""
    unit = ""
    """Unit of the losses, for people who read the log or a figure of it."""
    needs_labels = False
    """True where images without labels are refused before training."""
    images = 0
    """Number of training images; set before the first step, 0 where it is not known then (tar shards)."""

    def __init__(self, options: O) -> None:
        self.options: O = options
        """The checked options, an object of the class in the spec."""

    @abstractmethod
    def losses(self, vae: Any, x: Tensor, done: float) -> Losses:
        """Losses of clean crops or images `x` (B, C, H, W) in [0, 1]; `done` is the used share of the budget, from 0 to 1."""

    def labeled_losses(self, vae: Any, x: Tensor, labels: Tensor, done: float) -> Losses:
        """What training calls: the same, of images whose `labels` (B,) are class numbers, or -1; here they have no effect."""
        return self.losses(vae, x, done)


def require_trainable(objective: Objective[Any], network: Network, recipe: Recipe) -> None:
    """Raise OptionError, in the words of the recipe, if the objective cannot train the network."""
    lacking = [kind.__name__ for kind in objective.needs if not isinstance(network, kind)]
    missing = [name for name in getattr(network, "conditions", ()) if name not in objective.conditions]
    if lacking or missing:
        reason = f"it does not satisfy {lacking[0]}" if lacking else f"it needs the condition {missing[0]}"
        raise OptionError(
            f"The objective {recipe.objective['kind']} cannot train the architecture {recipe.architecture}: {reason}."
        )


def restoration_losses(vae: Any, latents: Any, clean: Tensor, weights: ConditionalWeights) -> Losses:
    """The losses of restoring `clean` images (B, C, H, W) in [0, 1] from the `latents` of their observed images.

    The terms of the ELBO are computed for the first `weights.share` of the batch only.
    """
    count = max(1, round(weights.share * len(clean)))
    terms = vae.elbo_terms(latents, clean[:count])
    return Losses(conditional_losses(terms, clean, weights), clean, terms.estimate)


def objective_of(recipe: Recipe, registry: Registry) -> Objective[Any]:
    """Make the objective that a recipe names; raises UnknownName, OptionError, or PluginError if its import fails."""
    values = dict(recipe.objective)
    kind = values.pop("kind", None)
    if not isinstance(kind, str):
        raise OptionError(f"The recipe {recipe.name} names no objective; add objective: {{kind: ...}}.")
    spec = registry.objectives.find(kind).spec
    try:
        options = msgspec.convert(values, spec.options)
    except msgspec.ValidationError as error:
        raise OptionError(f"The objective {kind} of the recipe {recipe.name}: {error}.") from None
    objective: Objective[Any] = call_target(spec.target, options)
    return objective
