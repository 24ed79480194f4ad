"""Denoise: the MMSE estimate of a conditional VAE, or samples of its posterior."""

from typing import Annotated, Literal

from vaeedit.api import (
    RESTORATION_MAPS,
    OperationSpec,
    RestorationOptions,
    WeightsSpec,
    bounded,
    hookimpl,
    option,
)


class DenoiseOptions(RestorationOptions, frozen=True):
    """Options of `vaeedit denoise`."""

    sigma: Annotated[
        Annotated[float, bounded(ge=0, le=75)] | Literal["auto"],
        option("Standard deviation of the noise, of 255; auto estimates it at every pixel."),
    ] = "auto"
    strength: Annotated[
        float, option("Factor on the noise level: 0 changes nothing, 1 removes what is there.", ge=0, le=2)
    ] = 1.0


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
            tells=("sigma",),
            maps=RESTORATION_MAPS,
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
