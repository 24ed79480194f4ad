"""What the denoiser leaves of the noise, so that skin, texture and fine structure do not look like wax; and grain.

Where a signal of variance S lies beneath noise of variance N, the estimate of least error keeps w = S / (S + N) of what
it observes. Its error has the variance w N and its residual (1 - w) N, so w follows from the error that the VAE predicts
and from the residual. The estimate has too little contrast, the variance w S. With sqrt(w) / (1 + sqrt(w)) of the residual
it has the variance S, at the least error of all estimates that do; less of the residual lies on the optimal line between
distortion and perception (Freirich et al. 2021, theorem 3, for Gaussians).
"""

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from vaeedit.api import Frame, from_floats, luma
from vaeedit_restore.options import DenoiseOptions

Values = NDArray[np.float32]
ROWS = 512
"""Rows of a strip; strips save memory, and do not change the result."""
HALO = 32
"""Rows that a strip sees on either side: more than the widest blur."""
AROUND = 4.0
"""Width in pixels, as a standard deviation, of the surroundings over which squared residuals are averaged."""
GRAIN = 0.6
"""Deviation of the grain for `realism` 1, over the deviation of the error that the VAE predicts."""
GRAIN_SIZE = 0.5
"""Width of the blur of the grain, in pixels: about the grain of film that was scanned at this resolution."""


def textured(estimate: Frame, observed: Frame, options: DenoiseOptions, seed: int) -> Frame:
    """The estimate with what `detail`, `luma` and `chroma` leave of the residual, and with the grain of `realism`.

    `estimate.std` is the predicted deviation of its error; without it, `detail` and `realism` change nothing.
    """
    grain = _grain(estimate, seed) if options.realism else np.zeros((estimate.height, 1), np.float32)
    pixels = np.empty_like(estimate.pixels)
    for outer, inner, rows in _strips(estimate.height):
        index, columns = np.arange(estimate.height)[outer], np.arange(estimate.width)
        mean = estimate.floats(index, columns)
        std = np.zeros_like(mean) if estimate.std is None else estimate.std[outer]
        residual = observed.floats(index, columns) - mean
        variance = _blurred(luma(std**2), 1.0)
        added = (
            _left(residual, variance, options)
            + (np.float32(options.realism) * np.sqrt(variance) * grain[outer])[..., None]
        )
        pixels[rows] = from_floats((mean + added)[inner], pixels.dtype)
    return replace(estimate, pixels=pixels)


def _left(residual: Values, variance: Values, options: DenoiseOptions) -> Values:
    """The part of a residual (h, w, C) to add to the estimate, whose error has the `variance` (h, w)."""
    share = np.sqrt(variance / (variance + _blurred(luma(residual**2), AROUND) + np.float32(1e-9)))
    kept = 1 - options.luma * (1 - options.detail * share / (1 + share))
    brightness = luma(residual)
    left: Values = (1 - options.chroma) * (residual - brightness[..., None]) + (kept * brightness)[..., None]
    return left


def _grain(frame: Frame, seed: int) -> Values:
    """Fine grain (H, W) of mean 0 and deviation `GRAIN`."""
    noise = np.random.default_rng(seed).standard_normal((frame.height, frame.width), np.float32)
    fine = _blurred(noise, GRAIN_SIZE)
    kernel = cv2.getGaussianKernel(7, GRAIN_SIZE)
    return fine * np.float32(GRAIN / (kernel**2).sum())


def _blurred(values: Values, width: float) -> Values:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), width), np.float32)


def _strips(height: int) -> Iterator[tuple[slice, slice, slice]]:
    """For each strip the rows that it sees, the rows within these that it makes, and the same rows within the image."""
    for start in range(0, height, ROWS):
        first, stop = max(0, start - HALO), min(height, start + ROWS)
        yield slice(first, stop + HALO), slice(start - first, stop - first), slice(start, stop)
