"""Gradient-domain steps that paste one picture into another (Poisson image editing, Perez, Gangnet & Blake 2003)."""

import numpy as np
import torch
from numpy.typing import NDArray

from vaeedit.api import membrane
from vaeedit_fuse.arrays import Array
from vaeedit_fuse.pyramid import split, upsample

STEPS = 40
"""Steps of damped Jacobi: the start is smooth already, so only local differences remain."""
PULL = 1.0
"""Weight of the start's values beside gradients: it keeps local differences of the pictures from spreading."""
SCALES = 3
"""Halvings of a difference before it is continued, so that its texture does not reach the other picture."""


def continued(difference: Array, known: NDArray[np.bool_]) -> Array:
    """A smooth continuation of a difference (H, W, C) from the places where it is known (H, W), without its texture.

    It is zero if no place is known.
    """
    weight = known.astype(np.float32)[..., None]
    small = (split(x, SCALES)[1] for x in (difference * weight, weight))
    values, weights = (torch.from_numpy(x).permute(2, 0, 1)[None] for x in small)
    return upsample(membrane(values, weights)[0].permute(1, 2, 0).numpy(), difference.shape, SCALES)


def gradient_step(
    start: Array, outer: Array, inner: Array, inside: NDArray[np.bool_], seam: NDArray[np.bool_]
) -> Array:
    """`start` (H, W, C) moved towards the gradients of `inner` inside and of `outer` outside, (H, W, C) each.

    Only pixels where `seam` (H, W) is true change.
    """
    rows, columns = (np.flatnonzero(seam.any(axis)) for axis in (1, 0))
    if not rows.size:
        return start
    part = slice(max(rows[0] - 1, 0), rows[-1] + 2), slice(max(columns[0] - 1, 0), columns[-1] + 2)
    begun, free = start[part], seam[part][..., None]
    x = begun.copy()
    wanted = _divergence(outer[part], inner[part], inside[part][..., None])
    for _ in range(STEPS):
        x += np.where(free, 0.8 / (4 + PULL) * (_laplacian(x) - wanted + PULL * (begun - x)), 0)
    moved = start.copy()
    moved[part] = x
    return moved


def _laplacian(x: Array) -> Array:
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)), mode="edge")
    sides: Array = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    return sides - 4 * x


def _divergence(outer: Array, inner: Array, inside: NDArray[np.bool_]) -> Array:
    """Divergence of the gradients of `inner` inside and of `outer` outside; across the border, of half of each."""
    divergence = np.zeros_like(outer)
    for axis in (0, 1):
        here, following = ((slice(None),) * axis + (part,) for part in (slice(None, -1), slice(1, None)))
        share = np.float32(0.5) * (inside[here].astype(np.float32) + inside[following])
        step = share * np.diff(inner, axis=axis) + (1 - share) * np.diff(outer, axis=axis)
        divergence[here] += step
        divergence[following] -= step
    return divergence
