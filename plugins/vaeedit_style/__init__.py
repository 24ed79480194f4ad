"""Style transfer: a picture takes colors and texture from other pictures, the texture in latent space."""

from typing import Annotated, Literal

from vaeedit.api import OperationSpec, Options, bounded, hookimpl, option


class StyleOptions(Options, frozen=True):
    """Options of `style`."""

    strength: Annotated[
        float, option("From the unchanged picture (0) to the full style (1).", ge=0, le=1)
    ] = 1.0
    texture: Annotated[
        Annotated[float, bounded(ge=0, le=1)] | Literal["auto"],
        option(
            "Amount of the style's texture to add: 0 changes colors only; auto gives it to paintings and not to photographs."
        ),
    ] = "auto"
    weights: Annotated[
        tuple[float, ...], option("Weight of each style picture; by default all have the same weight.")
    ] = ()
    levels: Annotated[
        Literal["all", "coarse", "fine"],
        option("Scales of texture to add: coarse (brush strokes), fine (grain) or all."),
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
            extra_inputs={"style": "Picture with the style; may be repeated."},
            needs=("style",),
            variadic="style",
            delta=True,
        )
    ]
