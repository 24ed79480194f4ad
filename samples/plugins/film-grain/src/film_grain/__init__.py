"""The operation `film-grain`; imported at every start, so light."""

from typing import Annotated

from vaeedit.api import OperationSpec, Options, hookimpl, option


class GrainOptions(Options, frozen=True):
    """Options of `film-grain`."""

    amount: Annotated[
        float, option("Standard deviation of the grain in a middle gray, as a share of white.", ge=0, le=0.5)
    ] = 0.03
    size: Annotated[float, option("Diameter of the grains in pixels, between half heights.", ge=1, le=16)] = (
        2.0
    )
    color: Annotated[
        float, option("Share of the grain that is independent in red, green and blue.", ge=0, le=1)
    ] = 0.1


@hookimpl
def vaeedit_operations() -> list[OperationSpec]:
    """The operation."""
    return [
        OperationSpec(
            name="film-grain",
            summary="Add film grain, strongest in the middle tones.",
            target="film_grain.operation:FilmGrain",
            options=GrainOptions,
            uses_vae=False,
            maps={"grain": "Write the grain alone, on gray."},
        )
    ]
