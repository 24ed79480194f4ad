"""Architectures of VAEs that third parties have trained and published."""

from typing import Annotated, Any, Literal, get_args

from vaeedit.api import ArchitectureSpec, Options, hookimpl, option

Autoencoder = Literal["AutoencoderKL", "AsymmetricAutoencoderKL", "AutoencoderTiny", "AutoencoderDC"]
"""Supported classes of the diffusers library."""
OVERLAP = 16
"""Overlap of tiles, in places of the latent grid, for networks whose receptive field is the whole image."""


class TinyConfig(Options, frozen=True):
    """Hyper-parameters of a tiny autoencoder."""

    latents: Annotated[int, option("Latent channels.", ge=1, le=4096)] = 4
    width: Annotated[int, option("Channels of every convolution.", ge=1, le=4096)] = 64
    pooled: Annotated[bool, option("The coarsest blocks have a branch with group normalization.")] = False


class DiffusersConfig(Options, frozen=True):
    """Class and hyper-parameters of an autoencoder of the diffusers library."""

    kind: Annotated[Autoencoder, option("Class of the diffusers library.")]
    config: Annotated[dict[str, Any], option("Content of the model's config.json.")] = {}


@hookimpl
def vaeedit_architectures() -> list[ArchitectureSpec]:
    """Tiny autoencoders and those of the diffusers library."""
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
