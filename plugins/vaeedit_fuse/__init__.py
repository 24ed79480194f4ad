"""Fusion: one picture made from several of the same scene."""

from typing import Annotated, Literal

from vaeedit.api import EvaluationSpec, OperationSpec, Options, bounded, hookimpl, option

Mode = Literal["auto", "focus", "exposure", "infrared", "blend"]


class FuseOptions(Options, frozen=True):
    """Options of `fuse`."""

    mode: Annotated[
        Mode,
        option(
            "focus: take the sharpest picture at each place; exposure: the best exposed one; infrared: add the structure of "
            "an infrared picture to the first; blend: mix across a mask or evenly; auto: choose by the pictures."
        ),
    ] = "auto"
    align: Annotated[bool, option("Align the other pictures with the first, for handheld shots.")] = False
    alpha: Annotated[
        Annotated[float, bounded(ge=0, le=1)] | None,
        option("Share of the other pictures in a blend without a mask."),
    ] = None


@hookimpl
def vaeedit_operations() -> list[OperationSpec]:
    """The operation `fuse`."""
    return [
        OperationSpec(
            name="fuse",
            summary="Make one picture from several of the same scene.",
            target="vaeedit_fuse.operation:Fuse",
            options=FuseOptions,
            vae="photo",
            extra_inputs={
                "with": "Another picture of the scene; may be repeated.",
                "mask": "For blend: picture that is white where the other picture appears and black elsewhere.",
            },
            needs=("with",),
            variadic="with",
        )
    ]


@hookimpl
def vaeedit_evaluations() -> list[EvaluationSpec]:
    """The evaluation `fuse`."""
    return [
        EvaluationSpec(
            name="fuse",
            summary="Fuse the sets of pictures in DIR and measure how much of them is preserved.",
            target="vaeedit_fuse.evaluation:fuse",
        )
    ]
