"""Gradient-domain steps for pasting one picture into another (Perez, Gangnet & Blake 2003)."""

import numpy as np
import torch
from numpy.typing import NDArray

from vaeedit.api import membrane
from vaeedit_fuse.arrays import Array
from vaeedit_fuse.pyramid import split, upsample

STEPS = 40
"""Of damped Jacobi: the start is smooth already, so only what is local is left to do."""
PULL = 1.0
"""How much a value weighs beside a gradient: what differs locally between the pictures is not worth a step."""
SCALES = 3
"""Halvings before a difference is continued: its texture is none of the other picture's business."""


def continued(difference: Array, known: NDArray[np.bool_]) -> Array:
    """A smooth continuation (H, W, C) of a difference from where it is known, without its texture.

    Nothing known gives zero.
    """
    weight = known.astype(np.float32)[..., None]
    small = (split(x, SCALES)[1] for x in (difference * weight, weight))
    values, sure = (torch.from_numpy(x).permute(2, 0, 1)[None] for x in small)
    return upsample(membrane(values, sure)[0].permute(1, 2, 0).numpy(), difference.shape, SCALES)


def gradient_step(
    start: Array, outer: Array, inner: Array, inside: NDArray[np.bool_], seam: NDArray[np.bool_]
) -> Array:
    """`start` (H, W, C) near the gradients of `inner` inside and of `outer` outside, changed only where `seam` is true."""
    rows, columns = (np.flatnonzero(seam.any(axis)) for axis in (1, 0))
    if not rows.size:
        return start
    part = slice(max(rows[0] - 1, 0), rows[-1] + 2), slice(max(columns[0] - 1, 0), columns[-1] + 2)
    begun, free = start[part], seam[part][..., None]
    x = begun.copy()
    wanted = _divergence(outer[part], inner[part], inside[part][..., None])
    for _ in range(STEPS):
        x += np.where(free, 0.8 / (4 + PULL) * (_laplacian(x) - wanted + PULL * (begun - x)), 0)
    found = start.copy()
    found[part] = x
    return found


def _laplacian(x: Array) -> Array:
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)), mode="edge")
    found: Array = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:] - 4 * x
    return found


def _divergence(outer: Array, inner: Array, inside: NDArray[np.bool_]) -> Array:
    """Of the gradients of `inner` between two places inside, of `outer` between two outside, and half of each across."""
    found = np.zeros_like(outer)
    for axis in (0, 1):
        here, following = ((slice(None),) * axis + (part,) for part in (slice(None, -1), slice(1, None)))
        share = np.float32(0.5) * (inside[here].astype(np.float32) + inside[following])
        step = share * np.diff(inner, axis=axis) + (1 - share) * np.diff(outer, axis=axis)
        found[here] += step
        found[following] -= step
    return found
