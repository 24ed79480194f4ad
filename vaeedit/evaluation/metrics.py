"""Metrics of pictures and of predicted standard deviations."""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

Array = NDArray[np.float64]
"""Values of a picture (H, W, C), from 0 to 255."""


def psnr(reference: Array, output: Array) -> float:
    """Peak signal-to-noise ratio in dB of two pictures (H, W, C) with values from 0 to 255."""
    return float(peak_signal_noise_ratio(reference, output, data_range=255))  # type: ignore[no-untyped-call]


def ssim(reference: Array, output: Array) -> float:
    """Structural similarity (Wang et al. 2004) of two pictures (H, W, C) with values from 0 to 255: mean over channels.

    The window is a Gaussian with a standard deviation of 1.5 pixels; NaN for a picture smaller than its 11 pixels.
    """
    if min(reference.shape[:2]) < 11:
        return float("nan")
    similarity = structural_similarity(  # type: ignore[no-untyped-call]
        reference,
        output,
        data_range=255,
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    return float(similarity)


def limited_range_luma(pixels: NDArray[np.uint8]) -> Array:
    """Luma Y of YCbCr (ITU-R BT.601), from 16 to 235 and not rounded, as (H, W, 1); `pixels` are RGB (H, W, 3)."""
    weights = np.array([65.481, 128.553, 24.966]) / 255
    y: Array = 16 + pixels.astype(np.float64) @ weights
    return y[..., None]


def interval(level: float = 0.9) -> float:
    """Half the width of the central interval of a normal distribution, in standard deviations."""
    return NormalDist().inv_cdf((1 + level) / 2)


def coverage(error: NDArray[np.float32], std: NDArray[np.float32], level: float = 0.9) -> float:
    """Share of values whose error lies inside the predicted central interval of `level`.

    `error` and `std` have the same shape and unit; the errors are taken as normally distributed.
    """
    return float((np.abs(error) <= interval(level) * std).mean())


def ause_ratio(error: NDArray[np.float32], std: NDArray[np.float32], steps: int = 20) -> float:
    """Area under the sparsification error (Ilg et al. 2018), relative to that of a random order; 0 is perfect, 1 is useless.

    `error` and `std` are (H, W, C). Pixels are removed in `steps` parts, by falling predicted standard deviation and by
    falling true error; the area lies between the two curves of the mean absolute error of the pixels that are left.
    """
    true, predicted = np.abs(error).mean(axis=2).ravel(), std.mean(axis=2).ravel()
    best, ours = _remaining(true, true, steps), _remaining(true, predicted, steps)
    return float((ours - best).sum() / (true.mean() - best).sum())


def _remaining(error: NDArray[np.float32], order: NDArray[np.float32], steps: int) -> Array:
    """Mean error after the removal of 0, 1, ..., steps - 1 of `steps` equal parts, those with the highest `order` first."""
    ascending = error[np.argsort(order, kind="stable")].astype(np.float64)
    kept = [len(error) - len(error) * step // steps for step in range(steps)]
    return np.array([ascending[:count].mean() for count in kept])
