"""The restorer of normals: a conditional ladder VAE p(x | y) of a normal image x given an observed image y.

It is trained on normal images with synthetic defects (`defects`), so its mean m(y) repairs defects, and its trunk predicts
their places. Features of the trunk are compared with those of normal images. Its small ladder models the differences of
normal images from m(y), for samples and standard deviations; scores do without it (docs/decisions.md, 69).
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vaeedit.api import Gaussian, Latents, local_mean, receptive_radius
from vaeedit_anomaly import NormalConfig
from vaeedit_anomaly.defects import spoil
from vaeedit_anomaly.heads import MergedHead
from vaeedit_anomaly.memory import Memory
from vaeedit_anomaly.texture import Texture
from vaeedit_ladder.api import RESIDUAL_GAIN, START, CenteredLadder, Head, Hourglass, Pyramid, TopDown

TEXTURE_ONLY = "texture_only"
"""The condition, of any value, of an image that only texture and judge look at."""
HIDDEN = 8
"""Channels of the heads at full resolution."""
SPREAD = 8
"""Stride of the grid of features: fine enough for small defects, and coarse enough for fast distances to the memory."""


class NormalRestorer(CenteredLadder):
    """Conditional ladder VAE of normal images; satisfies `Restorer` and `ConditionalVAE`."""

    conditions: tuple[str, ...] = ()
    optional = (TEXTURE_ONLY,)
    receptive_field = cached_property(receptive_radius)

    def __init__(self, config: NormalConfig) -> None:
        super().__init__()
        c = self.channels = config.channels
        self.multiple = max(SPREAD, 2 ** len(config.widths))
        self.latents = config.latents
        self.trunk = Hourglass(4 * c + 1, config.widths, config.blocks)
        for part in (self.trunk.stem, *self.trunk.downs, *self.trunk.ups):
            nn.init.normal_(part.weight, std=part.weight[0].numel() ** -0.5)  # keeps the variance of features
        self.mend = MergedHead(config.widths[0], c, HIDDEN)
        self.find = MergedHead(config.widths[0] + 4 * c, 1, HIDDEN, bias=[-3.0])
        self.ladder = TopDown(config.ladder_widths, config.latents, config.encoder_widths, config.widths)
        self.head = Head(config.ladder_widths[0], 2 * c, HIDDEN, bias=[0.0] * c + [START] * c)
        self.encoder = Pyramid(4 * c, config.encoder_widths)
        self.memory = Memory(sum(config.widths), config.memory, config.components)
        self.texture = Texture(c, config.texture, config.layout, config.judge)

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        """The prior p(z | y) of observed images x (B, C, H, W) in [0, 1].

        Its context holds the mean m(y), features, and the log-odds of a defect (B, 1, H, W). In inference it also holds the
        `anomaly_maps` and the module `texture`; all is float32, because scores must not depend on the precision. With the
        condition `TEXTURE_ONLY` no network runs: there are the observed image and the texture.
        """
        if self.training:
            return self._prior_of(x)
        if TEXTURE_ONLY in conditions:
            return self._without_network(x)
        with torch.autocast(x.device.type, enabled=False):
            prior = self._prior_of(x)
            return replace(
                prior,
                context={**prior.context, "anomaly_maps": self.anomaly_maps(prior), "texture": self.texture},
            )

    def _without_network(self, x: Tensor) -> Latents:
        """Latents N(0, I), and what texture and judge need."""
        strides = [2**level for level in range(len(self.latents), 0, -1)]
        levels = tuple(
            Gaussian.standard((len(x), count, x.shape[2] // stride, x.shape[3] // stride), x.device)
            for count, stride in zip(reversed(self.latents), strides, strict=True)
        )
        return Latents(levels, {"anomaly_maps": {"observed": x}, "texture": self.texture})

    def _prior_of(self, x: Tensor) -> Latents:
        halved = F.pixel_unshuffle(x, 2)
        constant = torch.full_like(
            halved[:, :1], 0.5
        )  # the trunk has no bias terms, but brightness matters here
        features = self.trunk(torch.cat([halved, constant], 1))
        change = self.mend(features[0])
        repaired = F.pixel_unshuffle(change.detach() * RESIDUAL_GAIN, 2)
        log_odds = self.find(torch.cat([features[0], repaired], 1))
        return self.prior(x + change, features, observed=x, log_odds=log_odds)

    def anomaly_maps(self, prior: Latents) -> dict[str, Tensor]:
        """Quantities that are larger at defects, and their inputs, of the image in `prior`: grids (B, C, h, w) of any stride.

        "observed" and "mean" (B, C, H, W) are in units of [0, 1]. The others have one channel: "log_odds" of a defect, and
        the "distance" to the memory, if it is filled. "features" (B, C, h, w) have the stride `SPREAD`.
        """
        context = prior.context
        maps = {name: context[name] for name in ("observed", "mean", "log_odds")}
        maps["features"] = pooled(context["features"])
        if self.memory.filled:
            maps["distance"] = self.memory(maps["features"])
        return maps

    def spoil(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Images x (B, C, H, W) in [0, 1] with synthetic defects, and labels (B, 1, H, W); see `defects`.

        Random numbers follow torch's global generator.
        """
        generator = torch.Generator(x.device).manual_seed(int(torch.randint(2**62, ())))
        return spoil(x.contiguous(), generator)

    def label_loss(self, latents: Latents, labels: Tensor) -> Tensor:
        """Ten times the focal loss of the log-odds against labels (B, 1, H, W) in [0, 1] (Lin et al. 2017, gamma 2)."""
        logits = latents.context["log_odds"]
        error = (labels - logits.sigmoid()).abs()
        entropy = F.binary_cross_entropy_with_logits(logits, labels, reduction="none")
        focused: Tensor = (error.square() * entropy).mean()
        return 10 * focused


def pooled(features: list[Tensor]) -> Tensor:
    """Features (B, width, h, w) of all levels, concatenated on one grid of stride `SPREAD`.

    Each is averaged with its neighbors, as in PatchCore (Roth et al. 2022).
    """
    grids = []
    for level, feature in enumerate(features):
        near = local_mean(feature.float(), 1)
        stride = 2 << level
        if stride < SPREAD:
            near = F.avg_pool2d(near, SPREAD // stride)
        elif stride > SPREAD:
            near = F.interpolate(near, scale_factor=stride // SPREAD, mode="nearest")
        grids.append(near)
    return torch.cat(grids, 1)
