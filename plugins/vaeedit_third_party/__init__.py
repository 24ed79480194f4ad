"""VAEs that others have trained, by the architectures they published."""

from typing import Annotated, Any, Literal, get_args

from vaeedit.api import ArchitectureSpec, Options, hookimpl, option

Autoencoder = Literal["AutoencoderKL", "AsymmetricAutoencoderKL", "AutoencoderTiny", "AutoencoderDC"]
"""Classes of the diffusers library that are understood."""
OVERLAP = 16
"""Grid positions of latents around a tile, for networks that see the whole image but are asked for tiles."""


class TinyConfig(Options, frozen=True):
    """Hyper-parameters of a tiny autoencoder."""

    latents: Annotated[int, option("Latent channels.", ge=1, le=4096)] = 4
    width: Annotated[int, option("Channels of every convolution.", ge=1, le=4096)] = 64
    pooled: Annotated[bool, option("Whether the coarsest blocks have a branch with group normalization.")] = (
        False
    )


class DiffusersConfig(Options, frozen=True):
    """Which autoencoder of the diffusers library, and its own hyper-parameters."""

    kind: Annotated[Autoencoder, option("Class of the diffusers library.")]
    config: Annotated[dict[str, Any], option("What the config.json of the author says.")] = {}


@hookimpl
def vaeedit_architectures() -> list[ArchitectureSpec]:
    """Tiny autoencoders, and those of the diffusers library."""
    return [
        ArchitectureSpec(
            name="diffusers",
            summary=f"Autoencoders of the diffusers library: {', '.join(get_args(Autoencoder))}.",
            options=DiffusersConfig,
            target="vaeedit_third_party.adapter:DiffusersAutoencoder",
            folder="vaeedit_third_party.folders:find",
            fetch={"hub": "vaeedit_third_party.folders:fetch"},
        ),
        ArchitectureSpec(
            name="tiny-autoencoder",
            summary="TAESD and its relatives: small autoencoders of the latents of diffusion models.",
            options=TinyConfig,
            target="vaeedit_third_party.tiny:TinyAutoencoder",
            detect="vaeedit_third_party.tiny:detect",
        ),
    ]
