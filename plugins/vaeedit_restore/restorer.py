"""The restorer: a conditional ladder VAE p(x | y) of the clean image x given a noisy one y.

A U-Net trunk computes the conditional mean m(y) and, at every scale, features h for the ladder (`centered.py`).
It works at half resolution and takes the noise level as a map (FFDNet, Zhang et al. 2018). Without bias terms it is
homogeneous, m(a y, a s) = a m(y, s) for a > 0. A small network estimates the map if it is not given.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vaeedit.api import Latents, receptive_radius
from vaeedit_ladder.api import START, CenteredLadder, Head, Hourglass, Pyramid, TopDown
from vaeedit_restore.configs import RestorerConfig
from vaeedit_restore.noise import EstimatesNoise, NoiseEstimator


class UNet(Hourglass):
    """The trunk at half resolution: from image and noise map to features; `final` makes a correction of the finest ones."""

    def __init__(
        self, channels: int, widths: Sequence[int], blocks: Sequence[int], slope: float = 0.0
    ) -> None:
        super().__init__(4 * channels + 1, widths, blocks, slope)
        self.final = nn.Conv2d(widths[0], 4 * channels, 3, padding=1, bias=False)


class LadderRestorer(EstimatesNoise, CenteredLadder):
    """Conditional ladder VAE of residuals; satisfies `ConditionalVAE` and `Estimator`."""

    conditions = ("sigma",)
    receptive_field = cached_property(receptive_radius)

    def __init__(self, config: RestorerConfig) -> None:
        super().__init__()
        self.channels = config.channels
        self.multiple = 2 ** len(config.widths)
        self.latents = config.latents
        self.trunk = UNet(config.channels, config.widths, config.blocks, config.slope)
        self.noise = NoiseEstimator(config.channels)
        self.ladder = TopDown(config.ladder_widths, config.latents, config.encoder_widths, config.widths)
        scale_bias = [0.0] * config.channels + [START] * config.channels
        self.head = Head(config.ladder_widths[0], 2 * config.channels, bias=scale_bias)
        self.encoder = Pyramid(4 * config.channels, config.encoder_widths)

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        """The prior p(z | y) of observed images x (B, C, H, W) in [0, 1]; its context holds the mean and the features.

        The condition "sigma" (B, 1, H, W) is the standard deviation of the noise, in the same unit.
        """
        halved = torch.cat([F.pixel_unshuffle(x, 2), F.avg_pool2d(conditions["sigma"], 2)], 1)
        features = self.trunk(halved)
        mean = x + F.pixel_shuffle(self.trunk.final(features[0]).float(), 2)
        return self.prior(mean, features)
