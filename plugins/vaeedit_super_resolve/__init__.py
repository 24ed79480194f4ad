"""Super-resolve: enlarge by the MMSE estimate of a conditional VAE, or by samples of its posterior."""

from typing import Annotated, Literal

from vaeedit.api import RESTORATION_MAPS, OperationSpec, RestorationOptions, WeightsSpec, hookimpl, option


class SuperResolveOptions(RestorationOptions, frozen=True):
    """Options of `vaeedit super-resolve`."""

    scale: Annotated[Literal[2, 3, 4], option("Factor on width and height.")] = 2
    model: Annotated[
        Literal["photo", "bicubic"],
        option("photo expects some noise and JPEG and removes them; bicubic takes every pixel as exact."),
    ] = "photo"


@hookimpl
def vaeedit_operations() -> list[OperationSpec]:
    """The operation `super-resolve`."""
    return [
        OperationSpec(
            name="super-resolve",
            summary="Enlarge images two, three or four times.",
            target="vaeedit_super_resolve.operation:SuperResolve",
            options=SuperResolveOptions,
            vae="super-resolve",
            tells=("scale", "sigma"),
            maps=RESTORATION_MAPS,
        )
    ]


@hookimpl
def vaeedit_weights() -> list[WeightsSpec]:
    """The shipped model."""
    return [
        WeightsSpec(
            name="super-resolve",
            summary="Two, three or four times as large, from clean or from real photographs.",
            resource="vaeedit:weights/super-resolve.safetensors",
        )
    ]
