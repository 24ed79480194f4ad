"""Which picture counts where: activity of latents and precision of posteriors, made into weights."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from vaeedit.api import Gaussian, local_mean, product_of_experts

LONGER = 1.5
"""The most by which a mean is lengthened."""
ADVANTAGE = 0.5
"""Weight of the coarser scales in a choice."""
REACH = 2
"""Grid places on either side over which sources are compared."""


def activity(z: Tensor) -> Tensor:
    """Information of latents (K, C, h, w) at every place, (K, 1, h, w), in nats.

    KL(q || N(0, I)) without the terms of the posterior's own variance: those tell of the network, not of the picture.
    """
    return 0.5 * z.float().square().sum(1, keepdim=True)


def strongest(activities: Tensor) -> Tensor:
    """1 for the picture of most activity and 0 for the others, (K, 1, h, w)."""
    return F.one_hot(activities.argmax(0), len(activities)).movedim(-1, 0).to(activities)


class Inherited:
    """The strongest picture of every place, scale after scale from the coarsest.

    What won a region has an advantage in its details. Chosen scale by scale alone, pictures alternate in one place and
    neither is recognized there: on every third pair of TNO VIF is .83 so, and .91 with the advantage.
    """

    def __init__(self) -> None:
        self._standing: Tensor | None = None

    def __call__(self, activities: Tensor) -> Tensor:
        """Activities (K, 1, h, w) of a scale, averaged over places -> 1 for one picture, 0 for the others."""
        amplitude = activities.sqrt()
        standing = amplitude / amplitude.mean().clamp_min(1e-12)
        if self._standing is not None:
            above = F.interpolate(self._standing, standing.shape[2:], mode="bilinear")
            standing = torch.lerp(standing, above, ADVANTAGE)
        self._standing = standing
        return strongest(standing)


def shares(scores: Tensor) -> Tensor:
    """Scores (K, 1, h, w) from 0 on as weights that sum to 1."""
    scores = scores + 1e-12
    return scores / scores.sum(0, keepdim=True)


def vivid(levels: Sequence[Gaussian], weights: Tensor, *, rest: bool = False) -> Gaussian:
    """The product of experts, lengthened to the activity they have by weight and, with `rest`, to what they have beside it.

    Where experts disagree their mean is shorter than they are, which reads as lost contrast.
    """
    zs = torch.cat([level.mean.float() for level in levels])
    joined = product_of_experts(levels, weights)
    mean = joined.mean.float()
    wanted = (weights * activity(zs)).sum(0, keepdim=True)
    if rest:
        wanted = wanted * (1 + _rest(mean, zs))
    gain = ((local_mean(wanted, 1) + 1e-6) / (local_mean(activity(mean), 1) + 1e-6)).sqrt().clamp(1, LONGER)
    return joined.at((gain * mean).to(joined.mean))


def _rest(chosen: Tensor, zs: Tensor) -> Tensor:
    """Activity of what of (K, C, h, w) is uncorrelated with the chosen (1, C, h, w), by that of the chosen: (1, 1, h, w)."""
    own = local_mean(activity(chosen), REACH) + 1e-6
    shared = local_mean(0.5 * (zs * chosen).sum(1, keepdim=True), REACH)
    left: Tensor = (local_mean(activity(zs), REACH) - shared**2 / own).clamp_min(0)
    return left.sum(0, keepdim=True) / own
