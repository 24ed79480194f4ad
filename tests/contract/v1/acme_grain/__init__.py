"""A third party's plugin as contract 1 allowed it, using every part of it. Frozen: never edit it, make a v2 beside it."""

from typing import Annotated, Any, Literal

from vaeedit.api import (
    CONTRACT,
    ArchitectureSpec,
    CommandSpec,
    EvaluationSpec,
    ObjectiveSpec,
    OperationSpec,
    OptionError,
    Options,
    RecipeSpec,
    WeightsSpec,
    bounded,
    hookimpl,
    option,
)

assert CONTRACT >= 1


class GrainOptions(Options, frozen=True):
    """Options of `acme-grain`, of every kind."""

    amount: Annotated[float, option("How much of a posterior sample.", ge=0, le=1)] = 0.5
    coarse_only: Annotated[bool, option("Sample the coarsest level alone.")] = False
    draws: Annotated[int, option("Number of samples to average.", ge=1, le=4)] = 1
    film: Annotated[Literal["fine", "coarse"], option("Kind of film.")] = "fine"
    level: Annotated[
        Annotated[float, bounded(ge=0, le=75)] | Literal["auto"] | None,
        option("Noise level, in units of 1/255."),
    ] = "auto"
    gains: Annotated[tuple[float, ...], option("Factor of each channel.", most=3)] = ()


class WeaveOptions(Options, frozen=True):
    """Options of `acme-weave`; one is required."""

    title: Annotated[str, option("Title of the film.", example="weave")]
    frames: Annotated[int, option("Number of frames.", ge=2, le=9)] = 2


class FlatConfig(Options, frozen=True):
    """Hyper-parameters of the network, checked together."""

    width: Annotated[int, option("Latent channels.", ge=1, le=64)] = 4
    factors: Annotated[tuple[float, ...], option("Factor of each color.", most=3)] = (1.0, 1.0, 1.0)
    extra: Annotated[dict[str, Any], option("Anything else.")] = {}

    def __post_init__(self) -> None:
        if len(self.factors) != 3:
            raise OptionError("factors must have 3 values.")


class PowerOptions(Options, frozen=True):
    """Options of the objective."""

    power: Annotated[int, option("Power of the error.", ge=1)] = 2


@hookimpl
def vaeedit_operations():
    """An edit of one image, latent steps, a join of several images, and an inspection."""
    return [
        OperationSpec(
            name="acme-grain",
            summary="Add the texture that denoising took away.",
            target="acme_grain.operation:Grain",
            options=GrainOptions,
            vae="denoise",
            conditions=("sigma",),
            maps={"spread": "Standard deviation of each value."},
        ),
        OperationSpec(
            name="acme-fade",
            summary="Move latents towards the prior mean.",
            target="acme_grain.operation:Fade",
            vae="acme-flat",
            latent=True,
            delta=True,
        ),
        OperationSpec(
            name="acme-polish",
            summary="Move latents until they decode closer to the picture.",
            target="acme_grain.operation:Polish",
            vae="acme-flat",
        ),
        OperationSpec(
            name="acme-weave",
            summary="Make a film from several pictures.",
            target="acme_grain.operation:Weave",
            options=WeaveOptions,
            vae="acme-flat",
            extra_inputs={"with": "Another picture.", "mask": "Where the other pictures appear."},
            needs=("with",),
            variadic="with",
            film=True,
        ),
        OperationSpec(
            name="acme-meter",
            summary="Measure how unusual a picture is.",
            target="acme_grain.operation:Meter",
            vae="acme-flat",
            calibrated=True,
        ),
    ]


@hookimpl
def vaeedit_architectures():
    """One VAE, also read from folders and fetched by a prefix, and a network of another kind."""
    return [
        ArchitectureSpec(
            name="acme-flat",
            summary="A linear VAE at stride 2.",
            target="acme_grain.network:Flat",
            options=FlatConfig,
            detect="acme_grain.network:detect",
            folder="acme_grain.network:find",
            fetch={"acme": "acme_grain.network:fetch"},
        ),
        ArchitectureSpec(
            name="acme-judge",
            summary="A number for each picture.",
            target="acme_grain.network:Judge",
            kind="judge of pictures",
        ),
    ]


@hookimpl
def vaeedit_weights():
    """One trained VAE, with a calibration."""
    return [WeightsSpec(name="acme-flat", summary="Any picture.", resource="acme_grain:flat.vae.safetensors")]


@hookimpl
def vaeedit_commands():
    """One command."""
    return [CommandSpec(name="acme-greet", summary="Say hello.", target="acme_grain.work:greet")]


@hookimpl
def vaeedit_evaluations():
    """One evaluation."""
    return [EvaluationSpec(name="acme-copy", summary="Measure a copy.", target="acme_grain.work:copy")]


@hookimpl
def vaeedit_objectives():
    """One objective."""
    return [
        ObjectiveSpec(
            name="acme-power", summary="A power.", target="acme_grain.work:Power", options=PowerOptions
        )
    ]


@hookimpl
def vaeedit_recipes():
    """One recipe."""
    return [RecipeSpec(name="acme-flat", summary="The shipped VAE.", resource="acme_grain:flat.yaml")]
