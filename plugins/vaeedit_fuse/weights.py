"""Which picture counts where: activity of latents and precision of posteriors, made into weights."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from vaeedit.api import Gaussian


def activity(z: Tensor) -> Tensor:
    """Information of latents (K, C, h, w) at every place, (K, 1, h, w), in nats.

    KL(q || N(0, I)) without the terms of the posterior's own variance: those tell of the network, not of the picture.
    """
    return 0.5 * z.float().square().sum(1, keepdim=True)


def smoothed(x: Tensor, radius: int) -> Tensor:
    """Mean over a square window, cut at the border."""
    return F.avg_pool2d(x, 2 * radius + 1, 1, radius, count_include_pad=False)


def strongest(activities: Tensor) -> Tensor:
    """1 for the picture of most activity and 0 for the others, (K, 1, h, w)."""
    return F.one_hot(activities.argmax(0), len(activities)).movedim(-1, 0).to(activities)


def shares(scores: Tensor) -> Tensor:
    """Scores (K, 1, h, w) from 0 on as weights that sum to 1."""
    scores = scores + 1e-12
    return scores / scores.sum(0, keepdim=True)


def product(levels: Sequence[Gaussian], weights: Tensor) -> Gaussian:
    """Weighted product of experts prod_k q_k^w_k as a point: the mean of the means by weight (K, 1, h, w) times precision.

    Hinton 2002; Wu & Goodman 2018 for VAEs. Where experts disagree their mean is shorter than they are, which reads as lost
    contrast; it is lengthened to the activity that they have by weight, at most by half.
    """
    zs = torch.cat([level.mean.float() for level in levels])
    precisions = torch.cat([torch.exp(-2 * level.scale.clamp_min(1e-4).log()).float() for level in levels])
    by_precision = weights * precisions
    mean = (by_precision * zs).sum(0, keepdim=True) / by_precision.sum(0, keepdim=True)
    wanted = (weights * activity(zs)).sum(0, keepdim=True)
    gain = ((wanted + 1e-6) / (activity(mean) + 1e-6)).sqrt().clamp(1, 1.5)
    return levels[0].at((gain * mean).to(levels[0].mean))
