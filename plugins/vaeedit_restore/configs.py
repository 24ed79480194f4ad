"""Hyper-parameters of the networks."""

from typing import Annotated

from vaeedit.api import Options, bounded, option
from vaeedit_ladder.api import LEVELS, Blocks, Slope, Widths, require_equal_lengths

Factors = tuple[Annotated[int, bounded(ge=1, le=16)], ...]


class RestorerConfig(Options, frozen=True):
    """Hyper-parameters of the conditional ladder VAE; levels run from fine (stride 2) to coarse."""

    channels: Annotated[int, option("Image channels.", ge=1, le=64)] = 3
    widths: Annotated[Widths, option("Trunk width of each level.", most=LEVELS)] = (48, 96, 192)
    blocks: Annotated[Blocks, option("Residual blocks of each trunk stage.", most=LEVELS)] = (2, 2, 3)
    slope: Slope = 0.0
    latents: Annotated[Widths, option("Latent channels of each level.", most=LEVELS)] = (4, 6, 8)
    ladder_widths: Annotated[Widths, option("Ladder width of each level.", most=LEVELS)] = (32, 48, 64)
    encoder_widths: Annotated[Widths, option("Width of the posterior's encoder.", most=LEVELS)] = (
        24,
        32,
        48,
    )

    def __post_init__(self) -> None:
        require_equal_lengths(self, "widths", "blocks", "latents", "ladder_widths", "encoder_widths")


class UpscalerConfig(Options, frozen=True):
    """Hyper-parameters of the upscaler; levels run from fine (the small image's resolution) to coarse."""

    channels: Annotated[int, option("Image channels.", ge=1, le=64)] = 3
    scales: Annotated[Factors, option("Supported factors.", most=LEVELS)] = (2, 3, 4)
    widths: Annotated[Widths, option("Trunk width of each level.", most=LEVELS)] = (64, 128)
    blocks: Annotated[Blocks, option("Residual blocks of each trunk stage.", most=LEVELS)] = (5, 3)
    down_blocks: Annotated[
        Blocks,
        option(
            "Residual blocks of each stage of the trunk's encoder; as many as `blocks` says where empty.",
            most=LEVELS,
        ),
    ] = ()
    slope: Slope = 0.0
    latents: Annotated[Widths, option("Latent channels of each level.", most=LEVELS)] = (8, 8)
    ladder_widths: Annotated[Widths, option("Ladder width of each level.", most=LEVELS)] = (32, 48)
    encoder_widths: Annotated[Widths, option("Width of the posterior's encoder.", most=LEVELS)] = (24, 32)

    def __post_init__(self) -> None:
        require_equal_lengths(self, "scales")
        if self.down_blocks:
            require_equal_lengths(self, "widths", "down_blocks")
        require_equal_lengths(self, "widths", "blocks", "latents", "ladder_widths", "encoder_widths")
