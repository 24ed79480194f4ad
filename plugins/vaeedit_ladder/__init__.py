"""Ladder VAEs: hierarchical convolutional networks, conditional (restorer) and unconditional."""

from typing import Annotated

from vaeedit.api import ArchitectureSpec, ElboWeights, ObjectiveSpec, Options, bounded, hookimpl, option

LEVELS = 8
"""Levels of a network at most: its sides are then multiples of 512 pixels."""
Widths = tuple[Annotated[int, bounded(ge=1, le=4096)], ...]
Blocks = tuple[Annotated[int, bounded(ge=0, le=64)], ...]
Factors = tuple[Annotated[int, bounded(ge=1, le=16)], ...]
Counts = tuple[Annotated[int, bounded(ge=0, le=8 * 4096)], ...]
Shares = tuple[Annotated[float, bounded(ge=0, le=1)], ...]


class RestorerShape(Options, frozen=True):
    """Hyper-parameters of the conditional ladder VAE; levels run from fine (stride 2) to coarse."""

    channels: Annotated[int, option("Image channels.", ge=1, le=64)] = 3
    widths: Annotated[Widths, option("Trunk width of each level.", most=LEVELS)] = (48, 96, 192)
    blocks: Annotated[Blocks, option("Residual blocks of each trunk stage.", most=LEVELS)] = (2, 2, 3)
    latents: Annotated[Widths, option("Latent channels of each level.", most=LEVELS)] = (4, 6, 8)
    ladder_widths: Annotated[Widths, option("Ladder width of each level.", most=LEVELS)] = (32, 48, 64)
    evidence_widths: Annotated[Widths, option("Width of the posterior's encoder.", most=LEVELS)] = (
        24,
        32,
        48,
    )


class UpscalerShape(Options, frozen=True):
    """Hyper-parameters of the upscaler; levels run from fine (the small image's resolution) to coarse."""

    channels: Annotated[int, option("Image channels.", ge=1, le=64)] = 3
    scales: Annotated[Factors, option("Factors it can enlarge by.", most=LEVELS)] = (2, 3, 4)
    widths: Annotated[Widths, option("Trunk width of each level.", most=LEVELS)] = (64, 128)
    blocks: Annotated[Blocks, option("Residual blocks of each trunk stage.", most=LEVELS)] = (5, 3)
    latents: Annotated[Widths, option("Latent channels of each level.", most=LEVELS)] = (8, 8)
    ladder_widths: Annotated[Widths, option("Ladder width of each level.", most=LEVELS)] = (32, 48)
    evidence_widths: Annotated[Widths, option("Width of the posterior's encoder.", most=LEVELS)] = (24, 32)


class LadderShape(Options, frozen=True):
    """Hyper-parameters of the unconditional ladder VAE; levels run from fine (stride 2) to coarse."""

    channels: Annotated[int, option("Image channels.", ge=1, le=64)] = 3
    widths: Annotated[Widths, option("Width of each level.", most=LEVELS)] = (32, 64, 96)
    blocks: Annotated[int, option("Residual blocks of each bottom-up stage.", ge=1, le=64)] = 1
    latents: Annotated[Widths, option("Latent channels of each level.", most=LEVELS)] = (4, 8, 16)


class PhotoShape(Options, frozen=True):
    """Hyper-parameters of the photo VAE; levels run from fine (stride 2) to coarse."""

    channels: Annotated[int, option("Image channels.", ge=1, le=64)] = 3
    widths: Annotated[Widths, option("Width of each level.", most=LEVELS)] = (48, 96, 192)
    blocks: Annotated[Blocks, option("Residual blocks of the decoder's stages.", most=LEVELS)] = (2, 4, 1)
    evidence_blocks: Annotated[Blocks, option("Residual blocks of the encoder's stages.", most=LEVELS)] = (
        1,
        2,
        1,
    )
    latents: Annotated[Widths, option("Latent channels of each level.", most=LEVELS)] = (3, 6, 8)
    nested: Annotated[
        Counts,
        option("Numbers of latent channels, counted from the coarsest level, that decode alone.", most=64),
    ] = (10, 14, 17)
    kept: Annotated[Shares, option("In training, the chance that only so many are kept.", most=64)] = (
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


@hookimpl
def vaeedit_objectives() -> list[ObjectiveSpec]:
    """Of unconditional VAEs."""
    return [
        ObjectiveSpec(
            name="elbo",
            summary="The negative ELBO alone.",
            target="vaeedit_ladder.objectives:Elbo",
            options=ElboWeights,
        ),
        ObjectiveSpec(
            name="reconstruction",
            summary="Distance of a decoded posterior sample from the image, and the negative ELBO.",
            target="vaeedit_ladder.objectives:Reconstruction",
            options=ElboWeights,
        ),
    ]
