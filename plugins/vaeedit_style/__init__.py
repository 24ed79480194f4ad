"""Style transfer: the latents of a picture take on the statistics of other pictures."""

from typing import Annotated, Literal

from vaeedit.api import OperationSpec, Options, hookimpl, option


class StyleOptions(Options, frozen=True):
    """Options of `style`."""

    strength: Annotated[float, option("From the picture as it is (0) to the style (1).", ge=0, le=1)] = 1.0
    texture: Annotated[
        float, option("How much of the style's texture to lay on: 0 only recolors.", ge=0, le=1)
    ] = 0.6
    weights: Annotated[
        tuple[float, ...], option("Weight of each style picture; all alike where none is given.")
    ] = ()
    levels: Annotated[
        Literal["all", "coarse", "fine"],
        option("Scales of texture: coarse ones are brush strokes, fine ones grain."),
    ] = "all"
    preserve_color: Annotated[bool, option("Keep the picture's own colors.")] = False


@hookimpl
def vaeedit_operations() -> list[OperationSpec]:
    """The operation `style`."""
    return [
        OperationSpec(
            name="style",
            summary="Give a picture the look of others.",
            target="vaeedit_style.operation:Style",
            options=StyleOptions,
            vae="photo",
            extra_inputs={
                "style": "Picture whose style is taken; may be repeated.",
                "mask": "Where the style goes, white on black.",
            },
            needs=("style",),
            variadic="style",
            delta=True,
        )
    ]
