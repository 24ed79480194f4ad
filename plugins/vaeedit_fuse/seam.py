"""Gradient-domain steps for pasting one picture into another (Perez, Gangnet & Blake 2003)."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vaeedit_fuse.arrays import Array

STEPS = 120
"""Of damped Jacobi: the start is smooth already, so only what is local is left to do."""


def membrane(difference: Array, known: NDArray[np.bool_]) -> Array:
    """A smooth continuation (H, W, C) of a difference from where it is known, by pull and push over a pyramid.

    Gortler et al. 1996; close to the harmonic membrane of Poisson cloning (Farbman, Fattal & Lischinski 2011). Nothing
    known gives zero.
    """
    weight = known.astype(np.float32)
    return _pulled(difference * weight[..., None], weight)


def _pulled(x: Array, weight: NDArray[np.float32]) -> Array:
    """Weighted values continued to where their weight is 0."""
    if max(x.shape[:2]) <= 2:
        return np.broadcast_to(x.sum((0, 1)) / max(float(weight.sum()), 1e-12), x.shape).astype(np.float32)
    small = np.asarray(cv2.pyrDown(x)).reshape(-(-x.shape[0] // 2), -(-x.shape[1] // 2), -1)
    below = _pulled(small, np.asarray(cv2.pyrDown(weight)))
    size = x.shape[1::-1]
    far = np.asarray(cv2.resize(below, size, interpolation=cv2.INTER_LINEAR)).reshape(x.shape)
    sure = np.minimum(weight, 1)[..., None]
    return np.asarray(x + (1 - sure) * far, np.float32)


def gradient_step(start: Array, outer: Array, inner: Array, inside: NDArray[np.bool_], seam: NDArray[np.bool_]) -> Array:
    """`start` (H, W, C) with the gradients of `inner` inside and of `outer` outside, changed only where `seam` is true."""
    rows, columns = (np.flatnonzero(seam.any(axis)) for axis in (1, 0))
    if not rows.size:
        return start
    part = slice(max(rows[0] - 1, 0), rows[-1] + 2), slice(max(columns[0] - 1, 0), columns[-1] + 2)
    x, free = start[part].copy(), seam[part][..., None]
    wanted = _divergence(outer[part], inner[part], inside[part][..., None])
    for _ in range(STEPS):
        x += np.where(free, 0.2 * (_laplacian(x) - wanted), 0)
    found = start.copy()
    found[part] = x
    return found


def _laplacian(x: Array) -> Array:
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)), mode="edge")
    found: Array = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:] - 4 * x
    return found


def _divergence(outer: Array, inner: Array, inside: NDArray[np.bool_]) -> Array:
    """Of the gradient field that is `inner`'s from every place inside to the next one right and below, else `outer`'s."""
    found = np.zeros_like(outer)
    for axis in (0, 1):
        here, following = ((slice(None),) * axis + (part,) for part in (slice(None, -1), slice(1, None)))
        step = np.where(inside[here], np.diff(inner, axis=axis), np.diff(outer, axis=axis))
        found[here] += step
        found[following] -= step
    return found
