"""A recipe says how a model was, or will be, trained; the built-in ones are YAML files beside this module."""

from typing import Annotated, Any, Literal

import msgspec

from vaeedit.options import Options, as_dict, option
from vaeedit.training.named import load_named


class Data(Options, frozen=True):
    """What a training batch is made of."""

    patch: Annotated[
        tuple[int, ...], option("Sides of square crops, in turn, each for an equal share of the budget.")
    ] = (96,)
    batch: Annotated[int, option("Crops in one step.", ge=1)] = 8
    cache: Annotated[int, option("Memory for decoded images, in megabytes.", ge=1)] = 2000
    grey: Annotated[float, option("Share of crops turned grey.", ge=0, le=1)] = 0.05
    draw: Annotated[Literal["images", "pixels"], option("What all have the same chance to be drawn.")] = (
        "images"
    )
    turn: Annotated[bool, option("Mirror and turn crops at random.")] = True
    candidates: Annotated[
        int, option("Crops drawn for each one used, which is the one with most detail.", ge=1)
    ] = 1


class Noise(Options, frozen=True):
    """How observed images are made from clean ones."""

    scales: Annotated[
        tuple[int, ...], option("Factors to make smaller by, one drawn a step; none keeps the size.")
    ] = ()
    blur: Annotated[
        float, option("Largest blur before making smaller, in pixels of the small image.", ge=0, le=3)
    ] = 0.0
    clean: Annotated[float, option("Share without noise, rounded to 8 bits.", ge=0, le=1)] = 0.0
    sigma: Annotated[float, option("Largest standard deviation, of 255.", ge=0, le=255)] = 75.0
    skew: Annotated[float, option("Above 1, small noise is drawn more often.", ge=0.1, le=10)] = 1.3
    camera: Annotated[float, option("Share with camera noise, not Gaussian.", ge=0, le=1)] = 0.2
    sensor: Annotated[
        float, option("Share of the camera images whose noise is simulated from the sensor on.", ge=0, le=1)
    ] = 0.0
    jpeg: Annotated[float, option("Share of the camera images that are compressed.", ge=0, le=1)] = 0.0
    blind: Annotated[float, option("Share whose noise map is the model's own.", ge=0, le=1)] = 0.25


class Objective(Options, frozen=True):
    """Weights of the loss; everything is per pixel value."""

    kind: Annotated[
        str, option("restoration, reconstruction, elbo, defects, or one part alone: ladder, noise.")
    ] = "restoration"
    mean: Annotated[
        Literal["log-mse", "log-mse-to-40", "charbonnier"],
        option("Distance of the mean from the clean image."),
    ] = "log-mse"
    elbo: Annotated[float, option("Weight of the negative ELBO.", ge=0)] = 1.0
    kl: Annotated[float, option("Weight of the KL inside the ELBO (beta).", ge=0)] = 1.0
    prior: Annotated[float, option("Weight of the likelihood at the prior mean.", ge=0)] = 0.1
    label: Annotated[float, option("defects: weight of the error about where they are.", ge=0)] = 0.1
    share: Annotated[float, option("Share of a batch that the ladder sees.", ge=0, le=1)] = 1.0


class Optimiser(Options, frozen=True):
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
    licence: Annotated[str, option("Licence of the weights.")] = "MIT"
    shape: Annotated[dict[str, Any], option("Its hyper-parameters.")] = {}
    data: Annotated[Data, option("See below.")] = Data()
    noise: Annotated[Noise, option("See below.")] = Noise()
    objective: Annotated[Objective, option("See below.")] = Objective()
    optimiser: Annotated[Optimiser, option("See below.")] = Optimiser()
    seed: Annotated[int, option("Seed of weights, crops and noise.", ge=0)] = 0


def load_recipe(name: str) -> Recipe:
    """A built-in recipe by name, or one from a YAML file; raises UnknownName, UsageError or OptionError."""
    return load_named(Recipe, name, "recipes")


def describe_recipe(recipe: Recipe) -> str:
    """The recipe as YAML."""
    return msgspec.yaml.encode(as_dict(recipe)).decode()
