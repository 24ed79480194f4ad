"""The restorer of normals: a conditional ladder VAE p(x | y) of a normal image x given an observed one y.

It is trained on normal images spoiled by synthetic defects (`defects`), so its mean m(y) mends what is not normal, and its
trunk says where. Its ladder has learned what normal images may differ from m(y) by: the KL of every level says how many
nats the difference y - m(y) is beyond that. Features of the trunk are compared with those of normal images.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vaeedit.api import Latents, local_mean, receptive_radius
from vaeedit_anomaly import NormalConfig
from vaeedit_anomaly.defects import spoil
from vaeedit_anomaly.memory import Memory
from vaeedit_anomaly.texture import Texture
from vaeedit_ladder.api import RESIDUAL_GAIN, START, CenteredLadder, Head, Hourglass, Pyramid, TopDown

SPREAD = 8
"""Stride of the grid of features: fine enough for small defects, and a distance to a thousand others costs little."""


class NormalRestorer(CenteredLadder):
    """Conditional ladder VAE of normal images; satisfies `Restorer` and `ConditionalVAE`."""

    conditions: tuple[str, ...] = ()
    receptive_field = cached_property(receptive_radius)

    def __init__(self, config: NormalConfig) -> None:
        super().__init__()
        c = self.channels = config.channels
        self.multiple = max(SPREAD, 2 ** len(config.widths))
        self.latents = config.latents
        self.trunk = Hourglass(4 * c + 1, config.widths, config.blocks)
        for part in (self.trunk.stem, *self.trunk.downs, *self.trunk.ups):
            nn.init.normal_(
                part.weight, std=part.weight[0].numel() ** -0.5
            )  # features that do not fade on their way
        self.mend = Head(config.widths[0], c)
        self.find = Head(config.widths[0] + 4 * c, 1, bias=[-3.0])
        self.ladder = TopDown(config.ladder_widths, config.latents, config.encoder_widths, config.widths)
        self.head = Head(config.ladder_widths[0], 2 * c, bias=[0.0] * c + [START] * c)
        self.encoder = Pyramid(4 * c, config.encoder_widths)
        self.memory = Memory(sum(config.widths), config.memory, config.components)
        self.texture = Texture(config.texture)

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        """The prior p(z | y) of an observed image y; context: its mean m(y), features, and log-odds of a defect.

        Outside training the context has the `anomaly_maps` too, and the `texture` that looks at whole images; all is float32:
        scores must not depend on the precision.
        """
        if self.training:
            return self._prior_of(x)
        with torch.autocast(x.device.type, enabled=False):
            prior = self._prior_of(x)
            return replace(
                prior,
                context={**prior.context, "anomaly_maps": self.anomaly_maps(prior), "texture": self.texture},
            )

    def _prior_of(self, x: Tensor) -> Latents:
        halved = F.pixel_unshuffle(x, 2)
        constant = torch.full_like(
            halved[:, :1], 0.5
        )  # the trunk has no bias terms, but brightness matters here
        features = self.trunk(torch.cat([halved, constant], 1))
        change = self.mend(features[0])
        told = F.pixel_unshuffle(change.detach() * RESIDUAL_GAIN, 2)
        log_odds = self.find(torch.cat([features[0], told], 1))
        return self.prior(x + change, features, observed=x, log_odds=log_odds)

    def anomaly_maps(self, prior: Latents) -> dict[str, Tensor]:
        """What tells of defects in the image that `prior` was encoded from, as grids (B, C, h, w) of any stride.

        "observed", "mean" and "scale" (B, C, H, W) in units of the image; "log_odds" of a defect; "kl_2", "kl_4", ...
        the nats of the posterior by the level's stride; "features", and the "distance" to a memory that is filled.
        """
        context = prior.context
        observed = context["observed"]
        posterior = self.infer(prior, observed)
        found = {"observed": observed, "mean": context["mean"], "log_odds": context["log_odds"]}
        std = self.decode(prior.mean(), std=True).std
        assert std is not None
        found["scale"] = std
        for level, kl in zip(posterior.levels, posterior.kl(prior), strict=True):
            found[f"kl_{observed.shape[2] // level.mean.shape[2]}"] = kl.sum(1, keepdim=True)
        found["features"] = pooled(context["features"])
        if self.memory.filled:
            found["distance"] = self.memory(found["features"])
        return found

    def spoil(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Synthetic defects, drawn from torch's global generator."""
        generator = torch.Generator(x.device).manual_seed(int(torch.randint(2**62, ())))
        return spoil(x.contiguous(), generator)

    def label_loss(self, latents: Latents, labels: Tensor) -> Tensor:
        """Cross-entropy of the log-odds, focused on what is not yet told well (Lin et al. 2017, gamma 2)."""
        logits = latents.context["log_odds"]
        error = (labels - logits.sigmoid()).abs()
        entropy = F.binary_cross_entropy_with_logits(logits, labels, reduction="none")
        focused: Tensor = (error.square() * entropy).mean()
        return 10 * focused


def pooled(features: list[Tensor]) -> Tensor:
    """Features of all levels on one grid of stride `SPREAD`, each averaged with its neighbors as PatchCore does."""
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
