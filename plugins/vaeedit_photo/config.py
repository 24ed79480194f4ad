"""Hyper-parameters of the network."""

from typing import Annotated

from vaeedit.api import Options, bounded, option
from vaeedit_ladder.api import LEVELS, Blocks, Slope, Widths, require_equal_lengths

Counts = tuple[Annotated[int, bounded(ge=0, le=8 * 4096)], ...]
Shares = tuple[Annotated[float, bounded(ge=0, le=1)], ...]


class PhotoConfig(Options, frozen=True):
    """Hyper-parameters of the photo VAE; levels run from fine (stride 2) to coarse."""

    channels: Annotated[int, option("Image channels.", ge=1, le=64)] = 3
    widths: Annotated[Widths, option("Width of each level.", most=LEVELS)] = (48, 96, 192)
    blocks: Annotated[Blocks, option("Residual blocks of the decoder's stages.", most=LEVELS)] = (2, 4, 1)
    encoder_blocks: Annotated[Blocks, option("Residual blocks of the encoder's stages.", most=LEVELS)] = (
        1,
        2,
        1,
    )
    slope: Slope = 0.0
    latents: Annotated[Widths, option("Latent channels of each level.", most=LEVELS)] = (3, 6, 8)
    nested: Annotated[
        Counts,
        option(
            "Numbers of channels, counted from the coarsest level, that must decode on their own.", most=64
        ),
    ] = (10, 14, 17)
    kept: Annotated[Shares, option("Probability, in training, of each number in nested.", most=64)] = (
        0.45,
        0.45,
        0.1,
    )

    def __post_init__(self) -> None:
        require_equal_lengths(self, "widths", "blocks", "encoder_blocks", "latents")
        require_equal_lengths(self, "nested", "kept")
