"""A recipe says how a model was, or will be, trained; plugins bring ready ones."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from vaeedit.documents import text_of
from vaeedit.extension.registry import Registry
from vaeedit.options import Options, as_dict, option
from vaeedit.training.documents import YAML, parsed


class Data(Options, frozen=True):
    """What a training batch is made of."""

    patch: Annotated[
        tuple[int, ...], option("Sides of square crops, in turn, each for an equal share of the budget.")
    ] = (96,)
    batch: Annotated[int, option("Crops in one step.", ge=1)] = 8
    cache: Annotated[int, option("Memory for decoded images, in megabytes.", ge=1)] = 2000
    gray: Annotated[float, option("Share of crops turned gray.", ge=0, le=1)] = 0.05
    draw: Annotated[Literal["images", "pixels"], option("What all have the same chance to be drawn.")] = (
        "images"
    )
    turn: Annotated[bool, option("Mirror and turn crops at random.")] = True
    candidates: Annotated[
        int, option("Crops drawn for each one used, which is the one with most detail.", ge=1)
    ] = 1


class Optimizer(Options, frozen=True):
    """Muon with warm-up, a constant rate and a linear fall to zero at the end; each part of the network is clipped apart."""

    rate: Annotated[float, option("Peak learning rate of matrices (Muon).", ge=0)] = 2e-3
    adam_rate: Annotated[float, option("Peak learning rate of everything else (Adam).", ge=0)] = 4e-4
    weight_decay: Annotated[float, option("Decay of the matrices, times the rate, a step.", ge=0)] = 0.25
    warmup: Annotated[int, option("Steps of linear warm-up.", ge=1)] = 200
    cooldown: Annotated[
        float, option("Share of the budget, at its end, over which the rates fall to zero.", ge=0, le=1)
    ] = 0.3
    clip: Annotated[float, option("Largest gradient norm of a part.", ge=0)] = 1.0
    decay: Annotated[float, option("Decay of the weights' moving average.", ge=0, le=1)] = 0.997


class Recipe(Options, frozen=True):
    """Everything that fixes a training run but the data folder and the budget."""

    name: Annotated[str, option("Name of the model.")]
    summary: Annotated[str, option("One line for the model card.")]
    architecture: Annotated[str, option("Registered architecture.")]
    license: Annotated[str, option("License of the weights.")] = "MIT"
    config: Annotated[dict[str, Any], option("Its hyper-parameters.")] = {}
    data: Annotated[Data, option("See below.")] = Data()
    objective: Annotated[
        dict[str, Any], option("Its `kind`, a registered objective, and that one's own options.")
    ] = {}
    optimizer: Annotated[Optimizer, option("See below.")] = Optimizer()
    seed: Annotated[int, option("Seed of weights, crops and noise.", ge=0)] = 0


def load_recipe(name: str, registry: Registry) -> Recipe:
    """A registered recipe by name, or one from a YAML file; raises UnknownName, UsageError or OptionError."""
    path = Path(name)
    if path.suffix in YAML:
        return parsed(Recipe, text_of(path), name)
    package, _, inside = registry.recipes.find(name).spec.resource.partition(":")
    return parsed(Recipe, files(package).joinpath(inside).read_text(encoding="utf-8"), name)


def describe_recipe(recipe: Recipe) -> str:
    """The recipe as YAML."""
    return msgspec.yaml.encode(as_dict(recipe)).decode()
