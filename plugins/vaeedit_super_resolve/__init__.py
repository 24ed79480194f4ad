"""Super-resolve: enlarge by the MMSE estimate of a conditional VAE, or by samples of its posterior."""

from typing import Annotated, Literal

from vaeedit.api import OperationSpec, Options, WeightsSpec, hookimpl, option


class SuperResolveOptions(Options, frozen=True):
    """Options of `vaeedit super-resolve`."""

    scale: Annotated[Literal[2, 3, 4], option("Factor on width and height.")] = 2
    model: Annotated[
        Literal["photo", "bicubic"],
        option("photo expects some noise and JPEG and removes them; bicubic takes every pixel as exact."),
    ] = "photo"
    samples: Annotated[
        int,
        option("Average this many posterior samples; 0 takes the VAE's mean, which is better.", ge=0, le=256),
    ] = 0
    realism: Annotated[
        float,
        option("From the mean (0: least error) to a posterior sample (1: invented detail).", ge=0, le=1),
    ] = 0.0
    quality: Annotated[
        Literal["normal", "best"],
        option("best averages eight turned and mirrored runs, at eight times the time."),
    ] = "normal"


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
            maps={"uncertainty": "Standard deviation of each pixel's error, brighter where less certain."},
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
