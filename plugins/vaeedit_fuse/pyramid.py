"""Pyramids (Burt & Adelson 1983): split a picture into its detail and a small base, and fuse bases scale by scale."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import torch
from torch import Tensor

from vaeedit.api import Gaussian, local_mean
from vaeedit_fuse.arrays import Array, Map
from vaeedit_fuse.weights import activity, vivid

Merge = Callable[[Sequence[Array], Sequence[Map]], Array]
"""From the details (h, w, C) of all pictures at one scale, and weights (h, w) at that scale, to the fused detail."""


def split(x: Array, scales: int) -> tuple[Array, Array]:
    """Detail (H, W, C) and base of a picture; the base is smaller by 2^scales, and the detail is x - upsample(base)."""
    base = x
    for _ in range(scales):
        base = _half(base)
    return x - upsample(base, x.shape[:2], scales), base


def upsample(base: Array, size: tuple[int, ...], scales: int) -> Array:
    """A base (h, w, C) enlarged by 2^scales to the size (H, W): (H, W, C)."""
    sizes = [size]
    for _ in range(scales):
        sizes.append(tuple((side + 1) // 2 for side in sizes[-1]))
    for target in sizes[-2::-1]:
        base = _double(base, target)
    return base


def fused(bases: Sequence[Array], weights: Sequence[Map], merge: Merge, scales: int) -> Array:
    """Bases (h, w, C) fused to one: details of each scale are fused by `merge`, the smallest bases by `weights` (h, w).

    There are at most `scales` scales, fewer for small bases; weights sum to 1.
    """
    if scales == 0 or min(bases[0].shape[:2]) < 4:
        return mixed(bases, weights)
    halves = [_half(base) for base in bases]
    details = [base - _double(half, base.shape) for base, half in zip(bases, halves, strict=True)]
    smaller = fused(halves, [_half(weight[..., None])[..., 0] for weight in weights], merge, scales - 1)
    return _double(smaller, bases[0].shape) + merge(details, weights)


def mixed(pictures: Sequence[Array], weights: Sequence[Map]) -> Array:
    """The weighted mean (h, w, C) of pictures (h, w, C); weights (h, w) sum to 1."""
    mean: Array = np.sum([w[..., None] * x for w, x in zip(weights, pictures, strict=True)], 0)
    return mean


def strongest_detail(choose: Callable[[Tensor], Tensor]) -> Merge:
    """A merge of details as of latents: `choose` (K, 1, h, w) names the picture at each place; transitions are soft."""

    def merge(details: Sequence[Array], weights: Sequence[Map]) -> Array:
        levels = [Gaussian(torch.from_numpy(np.ascontiguousarray(x)).permute(2, 0, 1)[None]) for x in details]
        chosen = choose(local_mean(torch.cat([activity(level.mean) for level in levels]), 2))
        detail = vivid(levels, local_mean(chosen, 1)).mean[0].permute(1, 2, 0)
        return np.asarray(detail.numpy(), np.float32)

    return merge


def _half(x: Array) -> Array:
    small = np.asarray(cv2.pyrDown(x), np.float32)
    return small.reshape(*small.shape[:2], -1)


def _double(x: Array, size: tuple[int, ...]) -> Array:
    large = np.asarray(cv2.pyrUp(x, dstsize=(size[1], size[0])), np.float32)
    return large.reshape(*size[:2], -1)
