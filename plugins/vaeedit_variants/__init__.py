"""The VAE as a generative model: plain networks, likelihoods, objectives, and how they are judged."""

from typing import Annotated, Literal

from vaeedit.api import (
    ArchitectureSpec,
    CommandSpec,
    EvaluationSpec,
    LikelihoodName,
    ObjectiveSpec,
    Options,
    RecipeSpec,
    bounded,
    hookimpl,
    option,
)

Widths = tuple[Annotated[int, bounded(ge=1, le=4096)], ...]


class PlainConfig(Options, frozen=True):
    """Hyper-parameters of the plain VAE; the defaults are those of Kingma & Welling's network for MNIST, with 50 latents."""

    channels: Annotated[int, option("Image channels: 1 for gray, 3 for color.", ge=1, le=64)] = 1
    height: Annotated[int, option("Height of the images, in pixels.", ge=1, le=1024)] = 28
    width: Annotated[int, option("Width of the images, in pixels.", ge=1, le=1024)] = 28
    layers: Annotated[Literal["dense", "convolutional"], option("Kind of the layers.")] = "dense"
    widths: Annotated[Widths, option("Units of each dense layer, or channels of each stage.", most=8)] = (
        500,
        500,
    )
    blocks: Annotated[int, option("Residual blocks of each convolutional stage.", ge=0, le=64)] = 1
    latents: Annotated[int, option("Number of latents.", ge=1, le=4096)] = 50
    likelihood: Annotated[
        LikelihoodName, option("Distribution of the values of an image, given the latents.")
    ] = "bernoulli"


class ElboOptions(Options, frozen=True):
    """Options of the objective `likelihood`."""

    binarize: Annotated[
        bool,
        option(
            "Draw each value of an image as 0 or 1, anew in every step, with its gray value as the probability."
        ),
    ] = False
    beta: Annotated[float, option("Weight of the KL divergence (Higgins et al. 2017).", ge=0)] = 1.0
    warmup: Annotated[
        float,
        option("Share of the budget over which the weight of the KL divergence rises from 0.", ge=0, le=1),
    ] = 0.0
    free_nats: Annotated[
        float, option("KL of each level below which it is not reduced, in nats (Kingma et al. 2016).", ge=0)
    ] = 0.0
    draws: Annotated[
        int,
        option(
            "Posterior samples of the importance-weighted bound (Burda et al. 2016); 1 is the ELBO.",
            ge=1,
            le=100,
        ),
    ] = 1


@hookimpl
def vaeedit_architectures() -> list[ArchitectureSpec]:
    """Networks in the variants that the field teaches."""
    return [
        ArchitectureSpec(
            name="plain",
            summary="Plain VAE with one vector of latents, fully connected or convolutional.",
            options=PlainConfig,
            target="vaeedit_variants.plain:PlainVAE",
        )
    ]


@hookimpl
def vaeedit_objectives() -> list[ObjectiveSpec]:
    """The ELBO of a generative model, in nats per image."""
    return [
        ObjectiveSpec(
            name="likelihood",
            summary="The negative ELBO, or the importance-weighted bound, in nats per image.",
            target="vaeedit_variants.objective:NegativeElbo",
            options=ElboOptions,
        )
    ]


@hookimpl
def vaeedit_commands() -> list[CommandSpec]:
    """Images out of nothing but a VAE."""
    return [
        CommandSpec(
            name="generate",
            summary="Draw images from a VAE.",
            target="vaeedit_variants.generate:generate",
        )
    ]


@hookimpl
def vaeedit_evaluations() -> list[EvaluationSpec]:
    """A VAE as a generative model."""
    return [
        EvaluationSpec(
            name="vae",
            summary="Bounds of the log-likelihood of DATA, and the latents of a VAE.",
            target="vaeedit_variants.evaluation:vae",
        )
    ]


@hookimpl
def vaeedit_recipes() -> list[RecipeSpec]:
    """Ready recipes."""
    summaries = {
        "mnist-plain": "Plain VAE of binarized handwritten digits.",
        "mnist-ladder": "Ladder VAE of binarized handwritten digits.",
    }
    return [
        RecipeSpec(name=name, summary=summary, resource=f"vaeedit_variants:recipes/{name}.yaml")
        for name, summary in summaries.items()
    ]
