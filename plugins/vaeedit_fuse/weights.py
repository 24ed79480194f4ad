"""Weights of the pictures at each place, from the activity of their latents."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from vaeedit.api import Gaussian, local_mean, product_of_experts

LONGER = 1.5
"""Largest factor on the length of a mean."""
ADVANTAGE = 0.55
"""Weight of the coarser scales in a choice."""
REACH = 2
"""Grid places on each side over which sources are compared."""


def activity(z: Tensor) -> Tensor:
    """Information of latents (K, C, h, w) at every place, (K, 1, h, w), in nats.

    It is KL(q || N(0, I)) without the terms of the posterior variance, which depend on the network, not on the picture.
    """
    return 0.5 * z.float().square().sum(1, keepdim=True)


def strongest(activities: Tensor) -> Tensor:
    """1 for the picture with the largest activity and 0 for the others, (K, 1, h, w) -> the same shape."""
    return F.one_hot(activities.argmax(0), len(activities)).movedim(-1, 0).to(activities)


class Inherited:
    """Chooses the strongest picture at every place, scale after scale from the coarsest.

    The picture chosen for a region has an advantage in its details. If every scale were chosen alone, pictures would
    alternate at a place and neither would be recognized: on every third pair of TNO, VIF is .83 then, and .91 like this.
    """

    def __init__(self) -> None:
        self._coarser: Tensor | None = None

    def __call__(self, activities: Tensor) -> Tensor:
        """Activities (K, 1, h, w) of a scale, averaged over places -> 1 for one picture, 0 for the others."""
        amplitude = activities.sqrt()
        strength = amplitude / amplitude.mean().clamp_min(1e-12)
        if self._coarser is not None:
            above = F.interpolate(self._coarser, strength.shape[2:], mode="bilinear")
            strength = torch.lerp(strength, above, ADVANTAGE)
        self._coarser = strength
        return strongest(strength)


def shares(scores: Tensor) -> Tensor:
    """Scores (K, 1, h, w), 0 or more, divided by their sum: weights (K, 1, h, w) that sum to 1."""
    scores = scores + 1e-12
    return scores / scores.sum(0, keepdim=True)


def vivid(levels: Sequence[Gaussian], weights: Tensor, *, unchosen: bool = False) -> Gaussian:
    """The product of experts, with its mean scaled to the weighted activity of the experts (1, C, h, w).

    Where experts disagree, their mean is shorter than each of them, which looks like lost contrast. With `unchosen`, the
    activity that the mean does not explain counts too. `weights` are (K, 1, h, w).
    """
    zs = torch.cat([level.mean.float() for level in levels])
    joined = product_of_experts(levels, weights)
    mean = joined.mean.float()
    wanted = (weights * activity(zs)).sum(0, keepdim=True)
    if unchosen:
        wanted = wanted * (1 + _unexplained(mean, zs))
    gain = ((local_mean(wanted, 1) + 1e-6) / (local_mean(activity(mean), 1) + 1e-6)).sqrt().clamp(1, LONGER)
    return joined.at((gain * mean).to(joined.mean))


def _unexplained(chosen: Tensor, zs: Tensor) -> Tensor:
    """Activity of the part of (K, C, h, w) uncorrelated with `chosen` (1, C, h, w), over that of `chosen`: (1, 1, h, w)."""
    own = local_mean(activity(chosen), REACH) + 1e-6
    shared = local_mean(0.5 * (zs * chosen).sum(1, keepdim=True), REACH)
    left: Tensor = (local_mean(activity(zs), REACH) - shared**2 / own).clamp_min(0)
    return left.sum(0, keepdim=True) / own
