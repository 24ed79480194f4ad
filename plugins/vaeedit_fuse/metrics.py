"""Metrics of fused pictures by their usual definitions; all pictures are gray values from 0 to 255, (H, W).

F is the fused picture, A and B are its sources. There is no reference: the metrics say how much of the sources is
preserved.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def edge_preservation(sources: Sequence[Array], fused: Array) -> float:
    """Q_AB/F (Xydeas & Petrovic 2000) of pictures (H, W): how well the sources' edges are kept, from 0 to 1."""
    strength, angle = _edges(fused)
    kept = total = 0.0
    for source in sources:
        own, direction = _edges(source)
        kept += float((_kept(own, strength, direction, angle) * own).sum())
        total += float(own.sum())
    return kept / max(total, 1e-12)


def _edges(x: Array) -> tuple[Array, Array]:
    """Strength and angle, from -pi/2 to pi/2, of Sobel's gradient."""
    horizontal, vertical = (cv2.Sobel(x, cv2.CV_64F, *order, ksize=3) for order in ((1, 0), (0, 1)))
    with np.errstate(divide="ignore", invalid="ignore"):
        angle = np.where(horizontal == 0, np.pi / 2, np.arctan(vertical / horizontal))
    return np.hypot(horizontal, vertical), angle


def _kept(source: Array, fused: Array, source_angle: Array, fused_angle: Array) -> Array:
    larger = np.maximum(source, fused)
    strength = np.divide(np.minimum(source, fused), larger, out=np.zeros_like(larger), where=larger > 0)
    direction = 1 - np.abs(source_angle - fused_angle) / (np.pi / 2)
    by_strength = 0.9994 / (1 + np.exp(-15 * (strength - 0.5)))
    by_direction = 0.9879 / (1 + np.exp(-22 * (direction - 0.8)))
    kept: Array = by_strength * by_direction
    return kept


def entropy(x: Array) -> float:
    """Entropy of the histogram of gray values (H, W), in bits."""
    return _shared(x, x)


def mutual_information(a: Array, b: Array, fused: Array) -> float:
    """I(A; F) + I(B; F) of 256-bin histograms, in bits (Qu et al. 2002)."""
    return _shared(a, fused) + _shared(b, fused)


def _shared(x: Array, y: Array) -> float:
    from sklearn.metrics import mutual_info_score  # slow to import, and `fuse` itself does not need it

    levels = (np.rint(values.clip(0, 255)).astype(np.int64).ravel() for values in (x, y))
    return float(mutual_info_score(*levels) / np.log(2))


def sum_of_correlated_differences(a: Array, b: Array, fused: Array) -> float:
    """SCD (Aslantas & Bendes 2015): corr(F - B, A) + corr(F - A, B), up to 2."""
    return correlation(fused - b, a) + correlation(fused - a, b)


def correlation(x: NDArray[np.floating[Any]], y: NDArray[np.floating[Any]]) -> float:
    """Pearson correlation of two pictures of one shape, whatever their range; 0 if one of them is flat."""
    x, y = x - x.mean(), y - y.mean()
    return float((x * y).sum() / max(np.sqrt((x**2).sum() * (y**2).sum()), 1e-12))


def visual_information(a: Array, b: Array, fused: Array) -> float:
    """VIF (Sheikh & Bovik 2006) of F against A plus VIF of F against B, (H, W) each; each is about from 0 to 1."""
    return _fidelity(a, fused) + _fidelity(b, fused)


def _fidelity(reference: Array, output: Array, noise: float = 2.0) -> float:
    """Visual information fidelity in the pixel domain, four scales (Sheikh & Bovik 2006, `vifp_mscale`)."""
    kept = total = 0.0
    for scale in range(1, 5):
        width = 2 ** (5 - scale) + 1
        if scale > 1:
            reference, output = (_valid(x, width)[::2, ::2] for x in (reference, output))
        mean_r, mean_o = _valid(reference, width), _valid(output, width)
        var_r = (_valid(reference**2, width) - mean_r**2).clip(0)
        var_o = (_valid(output**2, width) - mean_o**2).clip(0)
        covariance = _valid(reference * output, width) - mean_r * mean_o
        gain = covariance / (var_r + 1e-10)
        lost = var_o - gain * covariance
        flat_r, flat_o = var_r < 1e-10, var_o < 1e-10
        gain[flat_r], lost[flat_r], var_r[flat_r] = 0, var_o[flat_r], 0
        gain[flat_o], lost[flat_o] = 0, 0
        opposed = gain < 0
        lost[opposed], gain[opposed] = var_o[opposed], 0
        lost = lost.clip(1e-10)
        kept += float(np.log10(1 + gain**2 * var_r / (lost + noise)).sum())
        total += float(np.log10(1 + var_r / noise).sum())
    return kept / total if total > 0 else 1.0


def _valid(x: Array, width: int, std: float | None = None) -> Array:
    """Means under a Gaussian window of this width, only where it lies inside the picture; `std` is a fifth by default."""
    edge = width // 2
    blurred = np.asarray(cv2.GaussianBlur(x, (width, width), std or width / 5), np.float64)
    return blurred[edge : x.shape[0] - edge, edge : x.shape[1] - edge]


def exposure_structure(sources: Sequence[Array], fused: Array) -> float:
    """MEF-SSIM (Ma, Zeng & Wang 2015) at one scale, of pictures (H, W): how well F keeps the best-exposed structure, up to 1.

    The desired patch has the largest contrast c of the sources' patches and their weighted structure,
    sum w x / c with w = c^p and p = tan(pi R / 2), where R is the consistency of the sources.
    """
    count, stability = len(sources), (0.03 * 255) ** 2
    covariance = [[_covariance(x, y) for y in sources] for x in sources]
    contrast = [np.sqrt(covariance[k][k].clip(1e-8)) for k in range(count)]
    pairs = list(product(range(count), repeat=2))
    together = np.sqrt(np.sum([covariance[k][j] for k, j in pairs], 0).clip(1e-8))
    agreement = (together / np.sum(contrast, 0)).clip(0, 1 - 1e-6)
    power = np.tan(np.pi / 2 * agreement).clip(0, 10)
    largest: Array = np.max(contrast, axis=0)
    weights = [(c / largest) ** power for c in contrast]
    factors = [w / c for w, c in zip(weights, contrast, strict=True)]
    squares = [factors[k] * factors[j] * covariance[k][j] for k, j in pairs]
    length = np.sqrt(np.sum(squares, 0).clip(1e-8))
    shared = largest / length * sum(f * _covariance(x, fused) for f, x in zip(factors, sources, strict=True))
    quality = (2 * shared + stability) / (largest**2 + _covariance(fused, fused) + stability)
    return float(quality.mean())


def _covariance(x: Array, y: Array) -> Array:
    """Local covariance, under a Gaussian window of 11 pixels and standard deviation 1.5."""
    xy, mean_x, mean_y = (_valid(z, 11, 1.5) for z in (x * y, x, y))
    return xy - mean_x * mean_y
