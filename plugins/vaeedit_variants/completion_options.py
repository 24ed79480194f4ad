"""Options of VAEs that complete images."""

from typing import Annotated

from vaeedit.api import LikelihoodName, option
from vaeedit_variants.options import BoundOptions, ImageConfig, Widths


class CompletionConfig(ImageConfig, frozen=True):
    """Hyper-parameters of the VAE that completes images; levels run from fine to coarse, each of half the resolution."""

    stride: Annotated[int, option("Pixels between two positions of the finest level.", ge=1, le=16)] = 2
    widths: Annotated[Widths, option("Width of each level.", most=8)] = (32, 40, 40)
    blocks: Annotated[int, option("Residual blocks of each bottom-up stage.", ge=1, le=64)] = 1
    latents: Annotated[Widths, option("Latent channels of each level.", most=8)] = (2, 4, 8)
    inner: Annotated[int, option("Channels at full resolution, before the last layer.", ge=1, le=512)] = 12
    likelihood: Annotated[
        LikelihoodName, option("Distribution of the values of an image, given the latents.")
    ] = "bernoulli"


class CompletionOptions(BoundOptions, frozen=True):
    """Options of the objective `completion`."""

    quadrants: Annotated[
        float,
        option(
            "Share of the images of which some quadrants are hidden; of the others, any other part.",
            ge=0,
            le=1,
        ),
    ] = 0.7
