"""Fusion: one picture out of several of the same scene."""

from typing import Annotated, Literal

from vaeedit.api import OperationSpec, Options, hookimpl, option


class FuseOptions(Options, frozen=True):
    """Options of `fuse`."""

    mode: Annotated[
        Literal["focus", "exposure", "infrared", "blend"],
        option(
            "focus: the sharpest of each place; exposure: the best exposed; infrared: its structure in the picture's colours; blend: across a mask."
        ),
    ] = "focus"
    align: Annotated[bool, option("Move the other pictures onto the first, for shots from the hand.")] = False
    alpha: Annotated[float, option("blend without a mask: share of the other picture.", ge=0, le=1)] = 0.5


@hookimpl
def vaeedit_operations() -> list[OperationSpec]:
    """The operation `fuse`."""
    return [
        OperationSpec(
            name="fuse",
            summary="Make one picture of several of the same scene.",
            target="vaeedit_fuse.operation:Fuse",
            options=FuseOptions,
            vae="photo",
            images={
                "with": "Another picture of the scene; may be repeated.",
                "mask": "blend: where the other picture goes, white on black.",
            },
            needs=("with",),
            rest="with",
        )
    ]
