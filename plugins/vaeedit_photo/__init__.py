"""Edits of latents: reconstruction, posterior samples, interpolation between pictures, and directions."""

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
        option(
            "Number of latent channels to keep, counted from the coarsest level; 0 keeps all.",
            ge=0,
        ),
    ] = 0
    refine: Annotated[
        int,
        option(
            "Number of gradient steps that move the latents so that they decode closer to the picture; a step takes about "
            "three times as long as decoding, and the report then has no bits.",
            ge=0,
            le=1000,
            example=2,
        ),
    ] = 0


class VaryOptions(Options, frozen=True):
    """Options of `vary`."""

    amount: Annotated[
        float, option("Noise on the latents, in standard deviations of their posterior.", ge=0, le=100)
    ] = 1.0


class InterpolateOptions(Options, frozen=True):
    """Options of `interpolate`."""

    frames: Annotated[int, option("Number of frames, including both ends.", ge=2, le=240, example=3)] = 9
    at: Annotated[
        Annotated[float, bounded(ge=0, le=1)] | None,
        option(
            "Make one picture, at this position between the first (0) and the last (1), instead of all frames."
        ),
    ] = None
    rate: Annotated[float, option("Frames per second of a film (.gif, .mp4).", ge=1, le=60)] = 12.0
    side: Annotated[
        Annotated[int, bounded(ge=16)] | None,
        option("Longest side of a frame in pixels; larger pictures are downscaled."),
    ] = None


class DirectOptions(Options, frozen=True):
    """Options of `direct`."""

    along: Annotated[
        Literal["brightness", "contrast", "warmth", "saturation", "sharpness"]
        | Annotated[int, bounded(ge=1, le=512)]
        | None,
        option(
            "A named direction, or the number of a principal component of the picture's coarsest latents; "
            "brightness if no direction is given."
        ),
    ] = None
    amount: Annotated[
        float, option("Distance along the direction; below 0, the opposite direction.", ge=-10, le=10)
    ] = 1.0


@hookimpl
def vaeedit_operations() -> list[OperationSpec]:
    """The operations `reconstruct`, `vary`, `interpolate` and `direct`."""
    return [
        OperationSpec(
            name="reconstruct",
            summary="Encode and decode a picture, and report what is lost.",
            target="vaeedit_photo.reconstruct:Reconstruct",
            options=ReconstructOptions,
            vae="photo",
        ),
        OperationSpec(
            name="vary",
            summary="Draw a variation of a picture from the VAE's posterior.",
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
            extra_inputs={"other": "The last picture."},
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
                "toward": "Example picture of the goal, or a folder of them, instead of --along; may be repeated.",
                "away": "Example picture of the start; by default the picture itself; may be repeated.",
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
    """The evaluation `reconstruct`."""
    return [
        EvaluationSpec(
            name="reconstruct",
            summary="Encode and decode the pictures in DIR, and measure what is lost.",
            target="vaeedit_photo.evaluation:reconstruct",
        )
    ]


@hookimpl
def vaeedit_recipes() -> list[RecipeSpec]:
    """The recipe of the shipped model."""
    return [
        RecipeSpec(
            name="photo",
            summary="The photo VAE, from random weights.",
            resource="vaeedit_photo:recipes/photo.yaml",
        )
    ]
