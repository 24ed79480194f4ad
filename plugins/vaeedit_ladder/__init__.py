"""Ladder VAEs: parts of hierarchical networks that other plugins build on, and an unconditional one."""

from typing import Annotated

from vaeedit.api import (
    ArchitectureSpec,
    ElboWeights,
    LikelihoodName,
    ObjectiveSpec,
    Options,
    hookimpl,
    option,
)
from vaeedit_ladder.levels import LEVELS, Widths, require_equal_lengths


class LadderConfig(Options, frozen=True):
    """Hyper-parameters of the unconditional ladder VAE; levels run from fine (stride 2) to coarse."""

    channels: Annotated[int, option("Image channels.", ge=1, le=64)] = 3
    widths: Annotated[Widths, option("Width of each level.", most=LEVELS)] = (32, 64, 96)
    blocks: Annotated[int, option("Residual blocks of each bottom-up stage.", ge=1, le=64)] = 1
    latents: Annotated[Widths, option("Latent channels of each level.", most=LEVELS)] = (4, 8, 16)
    likelihood: Annotated[
        LikelihoodName, option("Distribution of the values of an image, given the latents.")
    ] = "laplace"

    def __post_init__(self) -> None:
        require_equal_lengths(self, "widths", "latents")


@hookimpl
def vaeedit_architectures() -> list[ArchitectureSpec]:
    """The unconditional ladder network."""
    return [
        ArchitectureSpec(
            name="ladder",
            summary="Unconditional ladder VAE with latents at several scales.",
            options=LadderConfig,
            target="vaeedit_ladder.vae:LadderVAE",
        ),
    ]


@hookimpl
def vaeedit_objectives() -> list[ObjectiveSpec]:
    """Objectives of unconditional VAEs."""
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
