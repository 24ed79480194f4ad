"""The operation `double-exposure`; imported at every start, so light."""

from typing import Annotated

from vaeedit.api import OperationSpec, Options, hookimpl, option


class ExposureOptions(Options, frozen=True):
    """Options of `double-exposure`."""

    share: Annotated[float, option("Share of the first picture in the result.", ge=0, le=1)] = 0.5


@hookimpl
def vaeedit_operations() -> list[OperationSpec]:
    """The operation."""
    return [
        OperationSpec(
            name="double-exposure",
            summary="Blend a picture with others in the latents of a VAE.",
            target="double_exposure.operation:DoubleExposure",
            options=ExposureOptions,
            vae="photo",
            extra_inputs={"other": "Another picture, of any size, or a folder of them; may be repeated."},
            needs=("other",),
            variadic="other",
        )
    ]
