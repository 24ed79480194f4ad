"""Pyramids (Burt & Adelson 1983): a picture as its detail and a small base, and bases fused scale by scale."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import torch
from torch import Tensor

from vaeedit.api import Gaussian, local_mean
from vaeedit_fuse.arrays import Array, Map
from vaeedit_fuse.weights import activity, vivid

Merge = Callable[[Sequence[Array], Sequence[Map]], Array]
"""From one scale's details (h, w, C) of all pictures, and the given weights (h, w) at that scale, to the fused detail."""


def split(x: Array, scales: int) -> tuple[Array, Array]:
    """Detail (H, W, C) and base, which is smaller by 2^scales; the detail is what `upsample` does not bring back."""
    base = x
    for _ in range(scales):
        base = _half(base)
    return x - upsample(base, x.shape[:2], scales), base


def upsample(base: Array, size: tuple[int, ...], scales: int) -> Array:
    """A base at the size (H, W) again."""
    sizes = [size]
    for _ in range(scales):
        sizes.append(tuple((side + 1) // 2 for side in sizes[-1]))
    for target in sizes[-2::-1]:
        base = _double(base, target)
    return base


def fused(bases: Sequence[Array], weights: Sequence[Map], merge: Merge, scales: int) -> Array:
    """Bases (h, w, C) with the details of each scale put together by `merge`, and what is left by `weights` (h, w).

    There are at most `scales` scales, as far as the sides allow.
    """
    if scales == 0 or min(bases[0].shape[:2]) < 4:
        return mixed(bases, weights)
    halves = [_half(base) for base in bases]
    details = [base - _double(half, base.shape) for base, half in zip(bases, halves, strict=True)]
    smaller = fused(halves, [_half(each[..., None])[..., 0] for each in weights], merge, scales - 1)
    return _double(smaller, bases[0].shape) + merge(details, weights)


def mixed(pictures: Sequence[Array], weights: Sequence[Map]) -> Array:
    """The weighted mean."""
    found: Array = np.sum([w[..., None] * x for w, x in zip(weights, pictures, strict=True)], 0)
    return found


def strongest_detail(choose: Callable[[Tensor], Tensor]) -> Merge:
    """As in the latents: the picture that `choose` names by activity takes a place, softly."""

    def merge(details: Sequence[Array], weights: Sequence[Map]) -> Array:
        levels = [Gaussian(torch.from_numpy(np.ascontiguousarray(x)).permute(2, 0, 1)[None]) for x in details]
        chosen = choose(local_mean(torch.cat([activity(level.mean) for level in levels]), 2))
        found = vivid(levels, local_mean(chosen, 1)).mean[0].permute(1, 2, 0)
        return np.asarray(found.numpy(), np.float32)

    return merge


def _half(x: Array) -> Array:
    small = np.asarray(cv2.pyrDown(x), np.float32)
    return small.reshape(*small.shape[:2], -1)


def _double(x: Array, size: tuple[int, ...]) -> Array:
    large = np.asarray(cv2.pyrUp(x, dstsize=(size[1], size[0])), np.float32)
    return large.reshape(*size[:2], -1)
