"""The operation `seasons`; imported at every start, so light."""

from typing import Annotated

from vaeedit.api import OperationSpec, Options, hookimpl, option


class SeasonsOptions(Options, frozen=True):
    """Options of `seasons`."""

    amount: Annotated[
        float,
        option("How far to go: above 0 to autumn, below 0 to a deeper green.", ge=-3, le=3),
    ] = 2.0


@hookimpl
def vaeedit_operations() -> list[OperationSpec]:
    """The operation."""
    return [
        OperationSpec(
            name="seasons",
            summary="Turn the leaves of summer into those of autumn.",
            target="seasons.operation:Seasons",
            options=SeasonsOptions,
            vae="photo",
            latent=True,
            delta=True,
        )
    ]
