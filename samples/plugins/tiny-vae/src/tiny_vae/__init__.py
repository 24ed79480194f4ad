"""A small VAE of photographs, and what can be done with it."""

from typing import Annotated

from vaeedit.api import (
    ArchitectureSpec,
    OperationSpec,
    Options,
    RecipeSpec,
    WeightsSpec,
    hookimpl,
    option,
)


class TinyConfig(Options, frozen=True):
    """Hyper-parameters of the network."""

    width: Annotated[int, option("Channels between the convolutions.", ge=1, le=1024)] = 48
    latents: Annotated[int, option("Latent channels.", ge=1, le=1024)] = 8


class SimplifyOptions(Options, frozen=True):
    """Options of `simplify`."""

    amount: Annotated[
        float,
        option("Share of the fine detail that is taken away; below 0, so much more is added.", ge=-3, le=1),
    ] = 1.0


@hookimpl
def vaeedit_architectures() -> list[ArchitectureSpec]:
    """The network."""
    return [
        ArchitectureSpec(
            name="tiny",
            summary="Five convolutions at a quarter of the size.",
            options=TinyConfig,
            target="tiny_vae.network:TinyVAE",
        )
    ]


@hookimpl
def vaeedit_recipes() -> list[RecipeSpec]:
    """How the network is trained."""
    return [RecipeSpec(name="tiny", summary="A small VAE of photographs.", resource="tiny_vae:recipe.yaml")]


@hookimpl
def vaeedit_weights() -> list[WeightsSpec]:
    """The trained network."""
    return [WeightsSpec(name="tiny", summary="Photographs, in 160 kB.", resource="tiny_vae:tiny.safetensors")]


@hookimpl
def vaeedit_operations() -> list[OperationSpec]:
    """What uses it."""
    return [
        OperationSpec(
            name="simplify",
            summary="Take away the fine detail that a small VAE cannot code, or add more of it.",
            target="tiny_vae.simplify:Simplify",
            options=SimplifyOptions,
            vae="tiny",
        )
    ]
