"""The upscaler: a conditional ladder VAE p(x | y) of a large image x given a small one y, for several factors.

The trunk works at the resolution of y, like EDSR (Lim et al. 2017), and all factors share it; each factor has its own
tail, head and entrance to the encoder. The mean is bicubic interpolation plus the tail's detail. Samples differ from the
mean only in the null space of the downscaler (`vaeedit.api.null_space`), so all of them downscale to the same small image.
They add the odd part of what the ladder decodes, since the mean of g(z) - g(mu) over z is a pattern that repeats with every
pixel of the small image, and grain of the predicted scale (`grain.py`).
The noise level of y is a condition, a map: zero for a clean picture; a small network estimates it if it is not given.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vaeedit.api import Condition, Latents, OptionError, bicubic_up, null_space, receptive_radius
from vaeedit_ladder.api import START, CenteredLadder, Head, Hourglass, Pyramid, TopDown, point_of
from vaeedit_restore.configs import UpscalerConfig
from vaeedit_restore.grain import evened, grain
from vaeedit_restore.noise import EstimatesNoise, NoiseEstimator

STRUCTURE = 0.7
"""Share of what the ladder decodes in a sample, beside the grain."""


class LadderUpscaler(EstimatesNoise, CenteredLadder):
    """Conditional ladder VAE of the missing detail; satisfies `ConditionalVAE`, `Estimator` and `Upscaler`."""

    conditions = ("scale", "sigma")
    needs: Mapping[str, float] = {"scale": 2.0}
    receptive_field = cached_property(receptive_radius)

    def __init__(self, config: UpscalerConfig) -> None:
        super().__init__()
        self.channels = c = config.channels
        self.multiple = max(4, 2 ** (len(config.widths) - 1))  # the noise estimator's stride is 4
        self.latents = config.latents
        self.needs = {"scale": float(config.scales[0])}
        self.trunk = Hourglass(c + 1, config.widths, config.blocks, config.slope, config.down_blocks)
        self.noise = NoiseEstimator(c, width=32)
        self.ladder = TopDown(config.ladder_widths, config.latents, config.encoder_widths, config.widths)
        self.encoder = Pyramid(config.encoder_widths[0], config.encoder_widths)
        wide, ladder, encoder = config.widths[0], config.ladder_widths[0], config.encoder_widths[0]
        bias = [0.0] * c + [START] * c
        self.tails, self.heads, self.entrances = nn.ModuleDict(), nn.ModuleDict(), nn.ModuleDict()
        for scale in config.scales:
            key = str(scale)
            tail = nn.Conv2d(wide, c * scale**2, 3, padding=1, bias=False)
            nn.init.zeros_(tail.weight)  # training starts at bicubic interpolation
            self.tails[key] = tail
            self.heads[key] = Head(ladder, 2 * c, inner=8, bias=bias, stride=scale)
            self.entrances[key] = nn.Conv2d(c * scale**2, encoder, 3, padding=1)

    def magnification(self, conditions: Mapping[str, Condition]) -> int:
        """The condition "scale" as an integer; raises OptionError if this model does not support it."""
        scale = conditions.get("scale")
        if not isinstance(scale, int | float) or f"{scale:g}" not in self.tails:
            asked = "no factor was given" if scale is None else f"not by {scale}"
            raise OptionError(f"This VAE enlarges by {', '.join(self.tails)}; {asked}.")
        return int(scale)

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        """The prior p(z | y) of small images x (B, C, h, w) in [0, 1]; its context holds mean, features and factor.

        Conditions: "scale" (B, 1, h, w) is the factor, "sigma" (B, 1, h, w) the standard deviation of the noise.
        """
        scale = round(float(conditions["scale"].flatten()[0]))
        features = self.trunk(torch.cat([x, conditions["sigma"]], 1))
        detail = F.pixel_shuffle(self.tails[str(scale)](features[0]).float(), scale)
        return self.prior(bicubic_up(x, scale) + detail, features, scale=scale)

    def head_of(self, h: Tensor, context: Mapping[str, Any]) -> Tensor:
        """Features (B, width, h, w) -> offset and log of the Laplace scale at the large resolution, (B, 2 channels, H, W)."""
        out: Tensor = self.heads[str(context["scale"])](h)
        return out

    def encoder_features(self, residual: Tensor, context: Mapping[str, Any]) -> list[Tensor]:
        """Encoder features of a residual (B, C, H, W) at the resolutions of the ladder, fine to coarse."""
        scale = context["scale"]
        entrance = self.entrances[str(scale)]
        features: list[Tensor] = self.encoder(torch.relu(entrance(F.pixel_unshuffle(residual, scale))))
        return features

    def offset(self, latents: Latents) -> tuple[Tensor, Tensor]:
        """A share of (g(z) - g(-z)) / 2, whose mean over z is zero everywhere, plus grain; the log of the Laplace scale.

        Both are about as strong everywhere, and so is the scale at z; the scale at the mean follows the texture. Where it is
        the lower one, in flat regions, what is drawn is weakened by the ratio of the two.
        """
        context, scale = latents.context, latents.context["scale"]
        (at_z, one), (opposite, other), (_, usual) = self.at(
            context["features"], point_of(latents), context, (1, -1, 0)
        )
        log_scale = (one + other) / 2
        drawn = grain(latents.levels[-1].mean.float(), log_scale, scale)
        drawn = (drawn + STRUCTURE * (at_z - opposite) / 2) * evened((usual - log_scale).clamp(max=0), scale)
        return self.allowed(drawn, context), log_scale

    def allowed(self, offset: Tensor, context: Mapping[str, Any]) -> Tensor:
        """The part of an offset (B, C, H, W) that does not change the small image."""
        return null_space(offset, context["scale"])
