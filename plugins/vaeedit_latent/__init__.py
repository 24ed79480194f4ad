"""Plain edits of latents: a picture through the VAE and back, and draws from its posterior."""

from typing import Annotated

from vaeedit.api import OperationSpec, Options, WeightsSpec, hookimpl, option


class ReconstructOptions(Options, frozen=True):
    """Options of `reconstruct`."""

    levels: Annotated[
        int, option("Keep this many of the coarsest levels of the latents; 0 keeps all.", ge=0, le=16)
    ] = 0


class VaryOptions(Options, frozen=True):
    """Options of `vary`."""

    amount: Annotated[
        float, option("Noise on the latents, in standard deviations of their posterior.", ge=0, le=100)
    ] = 1.0


@hookimpl
def vaeedit_operations() -> list[OperationSpec]:
    """`reconstruct` and `vary`."""
    return [
        OperationSpec(
            name="reconstruct",
            summary="Send a picture through the VAE and report what is lost.",
            target="vaeedit_latent.reconstruct:Reconstruct",
            options=ReconstructOptions,
            vae="photo",
        ),
        OperationSpec(
            name="vary",
            summary="Draw a picture that the VAE takes for the same.",
            target="vaeedit_latent.vary:Vary",
            options=VaryOptions,
            vae="photo",
            latent=True,
            delta=True,
        ),
    ]


@hookimpl
def vaeedit_weights() -> list[WeightsSpec]:
    """The shipped model."""
    return [
        WeightsSpec(
            name="photo",
            summary="Photographs of any kind, for edits.",
            resource="vaeedit:weights/photo.safetensors",
        )
    ]
