"""Plain edits of latents: there and back, draws from the posterior, ways between pictures, and directions."""

from typing import Annotated, Literal

from vaeedit.api import (
    ArchitectureSpec,
    EvaluationSpec,
    OperationSpec,
    Options,
    RecipeSpec,
    WeightsSpec,
    bounded,
    hookimpl,
    option,
)
from vaeedit_photo.config import PhotoConfig


class ReconstructOptions(Options, frozen=True):
    """Options of `reconstruct`."""

    channels: Annotated[
        int,
        option("Keep so many channels of the latents, counted from the coarsest level; 0 keeps all.", ge=0),
    ] = 0
    refine: Annotated[
        int,
        option(
            "Move the latents by so many gradient steps, until they decode closer to the picture; each costs about "
            "three times a decoding, and the report tells no bits then.",
            ge=0,
            le=1000,
        ),
    ] = 0


class VaryOptions(Options, frozen=True):
    """Options of `vary`."""

    amount: Annotated[
        float, option("Noise on the latents, in standard deviations of their posterior.", ge=0, le=100)
    ] = 1.0


class InterpolateOptions(Options, frozen=True):
    """Options of `interpolate`."""

    frames: Annotated[int, option("How many pictures, both ends counted.", ge=2, le=240)] = 9
    rate: Annotated[float, option("How many of them a film (.gif, .mp4) shows in a second.", ge=1, le=60)] = (
        12.0
    )
    side: Annotated[
        Annotated[int, bounded(ge=16)] | None,
        option("Longest side of a frame in pixels; larger pictures are made smaller."),
    ] = None


class DirectOptions(Options, frozen=True):
    """Options of `direct`."""

    along: Annotated[
        Literal["brightness", "contrast", "warmth", "saturation", "sharpness"]
        | Annotated[int, bounded(ge=1, le=512)]
        | None,
        option(
            "A named direction, or the number of a principal component of the picture's coarsest latents; "
            "brightness where no way is given."
        ),
    ] = None
    amount: Annotated[float, option("How far to go; below 0 the other way.", ge=-10, le=10)] = 1.0


@hookimpl
def vaeedit_operations() -> list[OperationSpec]:
    """`reconstruct`, `vary`, `interpolate` and `direct`."""
    return [
        OperationSpec(
            name="reconstruct",
            summary="Send a picture through the VAE and report what is lost.",
            target="vaeedit_photo.reconstruct:Reconstruct",
            options=ReconstructOptions,
            vae="photo",
        ),
        OperationSpec(
            name="vary",
            summary="Draw a picture that the VAE takes for the same.",
            target="vaeedit_photo.vary:Vary",
            options=VaryOptions,
            vae="photo",
            latent=True,
            delta=True,
        ),
        OperationSpec(
            name="interpolate",
            summary="Go from one picture to another, as a contact sheet or a film.",
            target="vaeedit_photo.interpolate:Interpolate",
            options=InterpolateOptions,
            vae="photo",
            extra_inputs={"other": "The picture at the other end."},
            needs=("other",),
            variadic="other",
            film=True,
        ),
        OperationSpec(
            name="direct",
            summary="Move a picture along a direction of its latents.",
            target="vaeedit_photo.direct:Direct",
            options=DirectOptions,
            vae="photo",
            extra_inputs={
                "toward": "Example of where to go, or a folder of such, in place of --along; may be repeated.",
                "away": "Example of where to come from; without one, the picture itself.",
            },
            latent=True,
            delta=True,
        ),
    ]


@hookimpl
def vaeedit_architectures() -> list[ArchitectureSpec]:
    """The network of the shipped model."""
    return [
        ArchitectureSpec(
            name="photo",
            summary="VAE for editing photographs: nested levels around principal components of patches.",
            options=PhotoConfig,
            target="vaeedit_photo.network:PhotoVAE",
        ),
    ]


@hookimpl
def vaeedit_weights() -> list[WeightsSpec]:
    """The shipped model."""
    return [
        WeightsSpec(
            name="photo",
            summary="Photographs of any kind, for edits.",
            resource="vaeedit_photo:weights/photo.safetensors",
        )
    ]


@hookimpl
def vaeedit_evaluations() -> list[EvaluationSpec]:
    """How much a VAE loses."""
    return [
        EvaluationSpec(
            name="reconstruct",
            summary="Send the pictures of DIR through a VAE and back.",
            target="vaeedit_photo.evaluation:reconstruct",
        )
    ]


@hookimpl
def vaeedit_recipes() -> list[RecipeSpec]:
    """How the shipped model was trained."""
    return [
        RecipeSpec(
            name="photo",
            summary="The photo VAE, from random weights.",
            resource="vaeedit_photo:recipes/photo.yaml",
        )
    ]
