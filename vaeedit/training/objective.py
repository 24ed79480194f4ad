"""What training minimizes: the contract of an objective, and the one that a recipe names."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
import torch
from torch import Tensor

from vaeedit.errors import OptionError
from vaeedit.extension.registry import Registry
from vaeedit.extension.specs import load_target
from vaeedit.options import Options
from vaeedit.training.losses import conditional_losses
from vaeedit.training.recipe import Recipe
from vaeedit.training.weights import ConditionalWeights

O = TypeVar("O", bound=Options)


@dataclass(frozen=True)
class Losses:
    """What one step gives: `parts` by name, whose sum is minimized.

    `estimate` and the `clean` images it stands for, both (B, C, H, W) in [0, 1], give the PSNR that is logged; both are
    None where an objective estimates no image.
    """

    parts: dict[str, Tensor]
    clean: Tensor | None = None
    estimate: Tensor | None = None

    def psnr(self) -> Tensor | None:
        """Mean over images, in dB."""
        if self.clean is None or self.estimate is None:
            return None
        mse = (self.estimate.detach() - self.clean).square().mean((1, 2, 3))
        return (-10 * torch.log10(mse + 1e-10)).mean()


class Objective(ABC, Generic[O]):
    """One way to train a VAE; made once a run, with the options that the recipe gives beside `kind`."""

    def __init__(self, options: O) -> None:
        self.options = options

    @abstractmethod
    def losses(self, vae: Any, x: Tensor, done: float) -> Losses:
        """Of clean crops (B, C, P, P) in [0, 1] at the share `done` of the budget, from 0 to 1."""


def restoration_losses(vae: Any, latents: Any, clean: Tensor, weights: ConditionalWeights) -> Losses:
    """The losses of restoring `clean` (B, C, H, W) from `latents` of its observed images; the ladder sees a share of them."""
    count = max(1, round(weights.share * len(clean)))
    terms = vae.elbo_terms(latents, clean[:count])
    return Losses(conditional_losses(terms, clean, weights), clean, terms.estimate)


def objective_of(recipe: Recipe, registry: Registry) -> Objective[Any]:
    """The objective that a recipe names; raises UnknownName, OptionError, or PluginError where it cannot be imported."""
    given = dict(recipe.objective)
    kind = given.pop("kind", None)
    if not isinstance(kind, str):
        raise OptionError(f"The recipe {recipe.name} names no objective; say objective: {{kind: ...}}.")
    spec = registry.objectives.find(kind).spec
    try:
        options = msgspec.convert(given, spec.options)
    except msgspec.ValidationError as error:
        raise OptionError(f"The objective {kind} of the recipe {recipe.name}: {error}.") from None
    found: Objective[Any] = load_target(spec.target)(options)
    return found
