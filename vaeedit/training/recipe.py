"""Recipes: how a model was trained, or will be. Plugins add recipes of their own."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from vaeedit.documents import read_yaml, text_of
from vaeedit.errors import OptionError
from vaeedit.extension.registry import Registry
from vaeedit.options import Options, as_dict, option

O = TypeVar("O", bound=Options)


class Data(Options, frozen=True):
    """How training batches are made of images: of random crops or, with `whole`, of whole images."""

    whole: Annotated[
        bool,
        option(
            "Train on whole images of one size as they are, in passes over all of them. Except `batch` and `cache`, the "
            "other options are for crops."
        ),
    ] = False
    patch: Annotated[
        tuple[int, ...],
        option("Sides of the square crops in pixels; each is used for an equal share of the budget."),
    ] = (96,)
    batch: Annotated[int, option("Crops or images in one step.", ge=1)] = 8
    cache: Annotated[int, option("Memory for decoded images, in megabytes.", ge=1)] = 2000
    gray: Annotated[float, option("Share of the crops that are turned gray.", ge=0, le=1)] = 0.05
    draw: Annotated[
        Literal["images", "pixels"],
        option("Draw crops so that all images, or all pixels, have the same chance."),
    ] = "images"
    turn: Annotated[bool, option("Mirror crops and turn them by multiples of 90 degrees at random.")] = True
    candidates: Annotated[
        int, option("Draw so many crops for each one that is used: the one with most detail.", ge=1)
    ] = 1
    shrunk: Annotated[
        float,
        option(
            "Share of the crops that are cut twice as large and made smaller by 2, so they are sharper.",
            ge=0,
            le=1,
        ),
    ] = 0.0
    color: Annotated[
        float,
        option(
            "Share of the crops whose colors change: order of channels, saturation, hue and gamma.",
            ge=0,
            le=1,
        ),
    ] = 0.0
    mixed: Annotated[
        float,
        option("Share of the crops into which a rectangle of another crop is pasted (CutMix).", ge=0, le=1),
    ] = 0.0


class Optimizer(Options, frozen=True):
    """Muon with a warm-up, a constant rate and a linear fall to zero; each part's gradients are clipped by themselves."""

    rate: Annotated[
        float, option("Peak learning rate of matrices (Muon); 0: Adam trains them too.", ge=0)
    ] = 2e-3
    adam_rate: Annotated[float, option("Peak learning rate of everything else (Adam).", ge=0)] = 4e-4
    weight_decay: Annotated[float, option("Decay of the matrices in each step, times the rate.", ge=0)] = 0.25
    warmup: Annotated[int, option("Steps of linear warm-up.", ge=1)] = 200
    cooldown: Annotated[
        float, option("Share of the budget, at its end, over which the rates fall to zero.", ge=0, le=1)
    ] = 0.3
    clip: Annotated[float, option("Largest norm of the gradients of a part of the network.", ge=0)] = 1.0
    decay: Annotated[
        float, option("Decay of the moving average of the weights in each step.", ge=0, le=1)
    ] = 0.997


class Recipe(Options, frozen=True):
    """Everything that defines a training run, except the data and the budget."""

    name: Annotated[str, option("Name of the model.")]
    summary: Annotated[str, option("One line for the model card.")]
    architecture: Annotated[str, option("Name of a registered architecture.")]
    license: Annotated[str, option("License of the weights.")] = "MIT"
    config: Annotated[dict[str, Any], option("Hyper-parameters of the architecture.")] = {}
    data: Annotated[Data, option("See below.")] = Data()
    objective: Annotated[
        dict[str, Any],
        option("`kind`, the name of a registered objective, and the options of that objective."),
    ] = {}
    optimizer: Annotated[Optimizer, option("See below.")] = Optimizer()
    seed: Annotated[int, option("Seed of weights, crops and noise.", ge=0)] = 0


def load_recipe(name: str, registry: Registry) -> Recipe:
    """Load a registered recipe, or one from a YAML file; raises UnknownName, UsageError or OptionError."""
    path = Path(name)
    if path.suffix in {".yaml", ".yml"}:
        return parsed(Recipe, text_of(path), name)
    package, _, inside = registry.recipes.find(name).spec.resource.partition(":")
    return parsed(Recipe, files(package).joinpath(inside).read_text(encoding="utf-8"), name)


def parsed(kind: type[O], text: str, name: str) -> O:
    """Convert YAML to an object of this kind; raises OptionError, which calls the document `name`."""
    try:
        return msgspec.convert(read_yaml(text).value, kind)
    except (msgspec.MsgspecError, ValueError) as error:
        raise OptionError(f"The {kind.__name__.lower()} {name} is not valid: {error}") from None


def describe_recipe(recipe: Recipe) -> str:
    """The recipe as YAML."""
    return msgspec.yaml.encode(as_dict(recipe)).decode()
