"""Ladder VAEs: hierarchical convolutional networks, conditional (restorer) and unconditional."""

from typing import Annotated

from vaeedit.api import ArchitectureSpec, Options, hookimpl, option


class RestorerShape(Options, frozen=True):
    """Hyper-parameters of the conditional ladder VAE; levels run from fine (stride 2) to coarse."""

    channels: Annotated[int, option("Image channels.", ge=1)] = 3
    widths: Annotated[tuple[int, ...], option("Trunk width of each level.")] = (48, 96, 192)
    blocks: Annotated[tuple[int, ...], option("Residual blocks of each trunk stage.")] = (2, 2, 3)
    latents: Annotated[tuple[int, ...], option("Latent channels of each level.")] = (4, 6, 8)
    ladder_widths: Annotated[tuple[int, ...], option("Ladder width of each level.")] = (32, 48, 64)
    evidence_widths: Annotated[tuple[int, ...], option("Width of the posterior's encoder.")] = (24, 32, 48)


class UpscalerShape(Options, frozen=True):
    """Hyper-parameters of the upscaler; levels run from fine (the small image's resolution) to coarse."""

    channels: Annotated[int, option("Image channels.", ge=1)] = 3
    scales: Annotated[tuple[int, ...], option("Factors it can enlarge by.")] = (2, 3, 4)
    widths: Annotated[tuple[int, ...], option("Trunk width of each level.")] = (64, 128)
    blocks: Annotated[tuple[int, ...], option("Residual blocks of each trunk stage.")] = (5, 3)
    latents: Annotated[tuple[int, ...], option("Latent channels of each level.")] = (8, 8)
    ladder_widths: Annotated[tuple[int, ...], option("Ladder width of each level.")] = (32, 48)
    evidence_widths: Annotated[tuple[int, ...], option("Width of the posterior's encoder.")] = (24, 32)


class LadderShape(Options, frozen=True):
    """Hyper-parameters of the unconditional ladder VAE; levels run from fine (stride 2) to coarse."""

    channels: Annotated[int, option("Image channels.", ge=1)] = 3
    widths: Annotated[tuple[int, ...], option("Width of each level.")] = (32, 64, 96)
    blocks: Annotated[int, option("Residual blocks of each bottom-up stage.", ge=1)] = 1
    latents: Annotated[tuple[int, ...], option("Latent channels of each level.")] = (4, 8, 16)


class PhotoShape(Options, frozen=True):
    """Hyper-parameters of the photo VAE; levels run from fine (stride 2) to coarse."""

    channels: Annotated[int, option("Image channels.", ge=1)] = 3
    widths: Annotated[tuple[int, ...], option("Width of each level.")] = (48, 96, 192)
    blocks: Annotated[tuple[int, ...], option("Residual blocks of the decoder's stages.")] = (2, 4, 1)
    evidence_blocks: Annotated[tuple[int, ...], option("Residual blocks of the encoder's stages.")] = (
        1,
        2,
        1,
    )
    latents: Annotated[tuple[int, ...], option("Latent channels of each level.")] = (3, 6, 8)
    nested: Annotated[
        tuple[int, ...],
        option("Numbers of latent channels, counted from the coarsest level, that decode alone."),
    ] = (10, 14, 17)
    kept: Annotated[tuple[float, ...], option("In training, the chance that only so many are kept.")] = (
        0.45,
        0.45,
        0.1,
    )


@hookimpl
def vaeedit_architectures() -> list[ArchitectureSpec]:
    """The ladder networks."""
    return [
        ArchitectureSpec(
            name="ladder-restorer",
            summary="Conditional ladder VAE p(clean | observed), centred on a U-Net's estimate.",
            options=RestorerShape,
            target="vaeedit_ladder.restorer:LadderRestorer",
        ),
        ArchitectureSpec(
            name="ladder-upscaler",
            summary="Conditional ladder VAE p(large | small) for several factors; samples agree with the small image.",
            options=UpscalerShape,
            target="vaeedit_ladder.upscaler:LadderUpscaler",
        ),
        ArchitectureSpec(
            name="ladder",
            summary="Unconditional ladder VAE with latents at several scales.",
            options=LadderShape,
            target="vaeedit_ladder.vae:LadderVAE",
        ),
        ArchitectureSpec(
            name="photo",
            summary="VAE for editing photographs: nested levels around principal components of patches.",
            options=PhotoShape,
            target="vaeedit_ladder.photo:PhotoVAE",
        ),
    ]
