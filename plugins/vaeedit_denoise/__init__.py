"""Denoise: the MMSE estimate of a conditional VAE, or samples of its posterior."""

from typing import Annotated, Literal

from vaeedit.api import OperationSpec, Options, WeightsSpec, bounded, hookimpl, option


class DenoiseOptions(Options, frozen=True):
    """Options of `vaeedit denoise`."""

    sigma: Annotated[
        Annotated[float, bounded(ge=0, le=75)] | Literal["auto"],
        option("Standard deviation of the noise, of 255; auto estimates it at every pixel."),
    ] = "auto"
    strength: Annotated[
        float, option("Factor on the noise level: 0 changes nothing, 1 removes what is there.", ge=0, le=2)
    ] = 1.0
    samples: Annotated[
        int,
        option("Average this many posterior samples; 0 takes the VAE's mean, which is better.", ge=0, le=256),
    ] = 0
    realism: Annotated[
        float, option("From the mean (0: least error) to a posterior sample (1: real texture).", ge=0, le=1)
    ] = 0.0
    quality: Annotated[
        Literal["normal", "best"],
        option("best averages eight turned and mirrored runs, at eight times the time."),
    ] = "normal"


@hookimpl
def vaeedit_operations() -> list[OperationSpec]:
    """The operation `denoise`."""
    return [
        OperationSpec(
            name="denoise",
            summary="Remove noise from photographs.",
            target="vaeedit_denoise.operation:Denoise",
            options=DenoiseOptions,
            vae="denoise",
            maps={"uncertainty": "Standard deviation of each pixel's error, brighter where less certain."},
        )
    ]


@hookimpl
def vaeedit_weights() -> list[WeightsSpec]:
    """The shipped model."""
    return [
        WeightsSpec(
            name="denoise",
            summary="Photographs with Gaussian or camera noise.",
            resource="vaeedit:weights/denoise.safetensors",
        )
    ]
