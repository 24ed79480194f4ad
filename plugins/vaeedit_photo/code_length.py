"""The bits that it takes to code a picture given its decoded distribution."""

import math

import numpy as np

from vaeedit.api import Frame

ROWS = 256
"""Rows of an image that are processed at once, which bounds memory."""


def code_length(image: Frame, decoded: Frame) -> float:
    """-log2 P(image) in bits, under independent Laplace distributions with the means and deviations of `decoded`.

    The probability of a value is that of its bin, one step of the image's depth wide; the bins of black and white extend to
    infinity, so that all probabilities sum to 1 (Salimans et al. 2017, section 2.1). `decoded` must have a `std`.
    """
    assert decoded.std is not None
    bits, mean = 0.0, decoded.floats()
    for start in range(0, image.height, ROWS):
        rows = slice(start, start + ROWS)
        values = image.pixels[rows].astype(np.float64) / image.peak
        bits += laplace_bits(values, mean[rows], decoded.std[rows], 1 / image.peak).sum()
    return float(bits)


def laplace_bits(values: np.ndarray, mean: np.ndarray, std: np.ndarray, step: float) -> np.ndarray:
    """-log2 P of each value in bits, float64; the arrays have one shape, values and mean are in [0, 1].

    `step` is the distance of possible values, and `std` is in units of [0, 1].
    """
    scale = np.maximum(std.astype(np.float64) / math.sqrt(2), 1e-6)
    distance = np.abs(values - mean.astype(np.float64))
    near = (distance - step / 2) / scale
    outermost = (values < step / 2) | (values > 1 - step / 2)
    far = np.where(outermost, np.inf, (distance + step / 2) / scale)
    beside = np.maximum(near, 0) + math.log(2) - np.log(-np.expm1(near - far))
    around = -np.log(1 - 0.5 * np.exp(np.minimum(near, 0)) - 0.5 * np.exp(-far))
    nats: np.ndarray = np.where(near >= 0, beside, around)
    return nats / math.log(2)
