"""The textbook conditional VAE, for the ablation: one decoder for posterior samples and for the prior mean.

Sohn et al. 2015 with their hybrid objective: the ELBO, plus the loss of the prediction at the prior mean. Unlike the
centered ladder everything is trained jointly, the trunk through both terms. Registered as a plugin would be.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from vaeedit.api import ArchitectureSpec, Decoded, ElboTerms, Latents, hookimpl
from vaeedit_ladder.api import RESIDUAL_GAIN, draw
from vaeedit_restore.configs import RestorerConfig
from vaeedit_restore.restorer import LadderRestorer


class SharedDecoder(LadderRestorer):
    """x = y + g(z, h) + noise, with features h of the trunk and z from the ladder's prior or posterior."""

    def encode(self, x: Tensor, conditions: Mapping[str, Tensor]) -> Latents:
        features = self.trunk(torch.cat([F.pixel_unshuffle(x, 2), F.avg_pool2d(conditions["sigma"], 2)], 1))
        return self.prior(x, features)

    def decode(self, latents: Latents, *, std: bool = False) -> Decoded:
        mean, log_scale = self._at(latents, lambda level, _: latents.levels[-1 - level].mean)
        return Decoded(mean, log_scale.exp() * 2**0.5 if std else None)

    def infer(self, prior: Latents, x: Tensor) -> Latents:
        anchor, _ = self._at(prior, lambda level, _: prior.levels[-1 - level].mean)
        encoded = self.encoder_features((x - anchor) * RESIDUAL_GAIN, {})
        return Latents(tuple(self.ladder.infer(prior.context["features"], encoded)), prior.context)

    def elbo_terms(self, latents: Latents, x: Tensor) -> ElboTerms:
        estimate, log_scale = self._at(latents, lambda level, _: latents.levels[-1 - level].mean)
        count = len(x)
        part = Latents(
            latents.levels,
            {
                "mean": latents.context["mean"][:count],
                "features": [feature[:count] for feature in latents.context["features"]],
            },
        )
        encoded = self.encoder_features((x - estimate[:count].detach()) * RESIDUAL_GAIN, {})
        kl: list[Tensor] = []

        def sampled(level: int, h: Tensor) -> Tensor:
            e, nats = draw(self.ladder.posterior_at(level, h, encoded[level]))
            kl.append(nats)
            return e

        sample, sample_log_scale = self._at(part, sampled)
        return ElboTerms(estimate, log_scale[:count], sample, sample_log_scale, tuple(kl))

    def _at(self, latents: Latents, choose) -> tuple[Tensor, Tensor]:
        offset, log_scale = self.head(self.ladder(latents.context["features"], choose)).chunk(2, 1)
        return latents.context["mean"] + offset, log_scale.clamp(-7, 1)


@hookimpl
def vaeedit_architectures() -> list[ArchitectureSpec]:
    return [
        ArchitectureSpec(
            name="shared-decoder",
            summary="The textbook conditional ladder VAE.",
            options=RestorerConfig,
            target="shared_decoder:SharedDecoder",
        )
    ]
