"""A third party's plugin as contract 1 allowed it. Frozen: never edit it, make a v2 beside it."""

from typing import Annotated

from vaeedit.api import CONTRACT, OperationSpec, Options, hookimpl, option

assert CONTRACT >= 1


class GrainOptions(Options, frozen=True):
    """Options of the operation."""

    amount: Annotated[float, option("How much of a posterior sample.", ge=0, le=1)] = 0.5
    coarse_only: Annotated[bool, option("Sample the coarsest level alone.")] = False


@hookimpl
def vaeedit_operations():
    """One operation."""
    return [
        OperationSpec(
            name="acme-grain",
            summary="Add the texture that denoising took away.",
            target="acme_grain.operation:Grain",
            options=GrainOptions,
            vae="denoise",
            maps={"spread": "Standard deviation of each value."},
        )
    ]
