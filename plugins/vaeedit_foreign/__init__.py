"""VAEs that others have trained, by the architectures they published."""

from typing import Annotated

from vaeedit.api import ArchitectureSpec, Options, hookimpl, option


class TinyShape(Options, frozen=True):
    """Hyper-parameters of a tiny autoencoder."""

    latents: Annotated[int, option("Latent channels.", ge=1)] = 4
    width: Annotated[int, option("Channels of every convolution.", ge=1)] = 64
    pooled: Annotated[bool, option("Whether the coarsest blocks have a branch with group normalisation.")] = (
        False
    )


@hookimpl
def vaeedit_architectures() -> list[ArchitectureSpec]:
    """Tiny autoencoders."""
    return [
        ArchitectureSpec(
            name="tiny-autoencoder",
            summary="TAESD and its relatives: small autoencoders of the latents of diffusion models.",
            options=TinyShape,
            target="vaeedit_foreign.tiny:TinyAutoencoder",
            detect="vaeedit_foreign.tiny:detect",
        ),
    ]
