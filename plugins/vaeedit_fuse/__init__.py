"""Fusion: one picture out of several of the same scene."""

from typing import Annotated, Literal

from vaeedit.api import EvaluationSpec, OperationSpec, Options, bounded, hookimpl, option

Mode = Literal["auto", "focus", "exposure", "infrared", "blend"]


class FuseOptions(Options, frozen=True):
    """Options of `fuse`."""

    mode: Annotated[
        Mode,
        option(
            "focus: the sharpest of each place; exposure: the best exposed; infrared: its structure in the first "
            "picture's colors; blend: across a mask or evenly; auto: whichever the pictures call for."
        ),
    ] = "auto"
    align: Annotated[bool, option("Move the other pictures onto the first, for shots from the hand.")] = False
    alpha: Annotated[
        Annotated[float, bounded(ge=0, le=1)] | None,
        option("blend without a mask: share of the other pictures."),
    ] = None


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
            extra_inputs={
                "with": "Another picture of the scene; may be repeated.",
                "mask": "blend: where the other picture goes, white on black.",
            },
            needs=("with",),
            variadic="with",
        )
    ]


@hookimpl
def vaeedit_evaluations() -> list[EvaluationSpec]:
    """How much of the sources is left."""
    return [
        EvaluationSpec(
            name="fuse",
            summary="Fuse the sets of pictures of DIR and measure how much of them is left.",
            target="vaeedit_fuse.evaluation:fuse",
        )
    ]
