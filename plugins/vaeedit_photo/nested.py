"""Nested latents: only the first channels are kept, counted from the coarsest level (Rippel et al. 2014)."""

from dataclasses import replace

import torch

from vaeedit.api import Gaussian, Latents


def counts(latents: Latents, channels: int) -> list[int]:
    """Number of channels of each level among the first `channels`, coarse to fine; 0 means all."""
    left = channels or sum(level.mean.shape[1] for level in latents.levels)
    kept = []
    for level in latents.levels:
        kept.append(min(left, level.mean.shape[1]))
        left -= kept[-1]
    return kept


def first(latents: Latents, channels: int) -> Latents:
    """The same latents, with mean and standard deviation 0 in all other channels."""
    levels = [
        _cut(level, count) for level, count in zip(latents.levels, counts(latents, channels), strict=True)
    ]
    return replace(latents, levels=tuple(levels))


def kl(latents: Latents, channels: int) -> list[float] | None:
    """KL(q || N(0, I)) in nats, summed over the kept channels of each level.

    None if latents are points, or if the decoder gets more of the image than latents.
    """
    if latents.context or any(level.log_scale is None for level in latents.levels):
        return None
    pairs = zip(latents.levels, counts(latents, channels), strict=True)
    return [float(level.kl(_prior(level))[:, :count].cpu().double().sum()) for level, count in pairs]


def _cut(level: Gaussian, count: int) -> Gaussian:
    left_out = torch.arange(level.mean.shape[1], device=level.mean.device)[:, None, None] >= count
    log_scale = None if level.log_scale is None else level.log_scale.masked_fill(left_out, -torch.inf)
    return replace(level, mean=level.mean.masked_fill(left_out, 0), log_scale=log_scale)


def _prior(level: Gaussian) -> Gaussian:
    return Gaussian(torch.zeros_like(level.mean), torch.zeros_like(level.mean))
