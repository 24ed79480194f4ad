"""Measures of quality on pictures and on predicted deviations."""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

Array = NDArray[np.float64]


def psnr(reference: Array, output: Array) -> float:
    """Peak signal-to-noise ratio in dB, of values from 0 to 255."""
    return float(peak_signal_noise_ratio(reference, output, data_range=255))  # type: ignore[no-untyped-call]


def ssim(reference: Array, output: Array) -> float:
    """Structural similarity (Wang et al. 2004: Gaussian window of width 1.5), mean over channels; values from 0 to 255.

    NaN for a picture smaller than the window.
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
    """Y of YCbCr (ITU-R BT.601, 16 to 235) of RGB (H, W, 3), not rounded, as (H, W, 1)."""
    weights = np.array([65.481, 128.553, 24.966]) / 255
    y: Array = 16 + pixels.astype(np.float64) @ weights
    return y[..., None]


def interval(level: float = 0.9) -> float:
    """Half the width of the central interval of a normal distribution, in standard deviations."""
    return NormalDist().inv_cdf((1 + level) / 2)


def coverage(error: NDArray[np.float32], deviation: NDArray[np.float32], level: float = 0.9) -> float:
    """Share of values whose error lies within the predicted central interval of `level`."""
    return float((np.abs(error) <= interval(level) * deviation).mean())


def ause_ratio(error: NDArray[np.float32], deviation: NDArray[np.float32], steps: int = 20) -> float:
    """Area under the sparsification error (Ilg et al. 2018) over that of a constant map; 0 is perfect, 1 is useless.

    Pixels (H, W, C) are removed in the order of predicted deviation, and in the order of true error; the area lies
    between the two curves of mean absolute error. A constant map removes at random: its curve is flat.
    """
    true, predicted = np.abs(error).mean(axis=2).ravel(), deviation.mean(axis=2).ravel()
    best, ours = _remaining(true, true, steps), _remaining(true, predicted, steps)
    return float((ours - best).sum() / (true.mean() - best).sum())


def _remaining(error: NDArray[np.float32], order: NDArray[np.float32], steps: int) -> Array:
    """Mean error of what is left when the first 0, 1, ... (steps - 1) parts in descending `order` are gone."""
    ascending = error[np.argsort(order, kind="stable")].astype(np.float64)
    kept = [len(error) - len(error) * step // steps for step in range(steps)]
    return np.array([ascending[:count].mean() for count in kept])
