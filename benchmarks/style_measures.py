"""What a style transfer keeps of the content and what it takes of the style; images are (H, W, 3) float32 in [0, 1]."""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.color import rgb2lab
from skimage.metrics import structural_similarity

from vaeedit.api import luma

Image = NDArray[np.float32]
PATCH = 7
PROJECTIONS = 64
QUANTILES = 512
SCALES = 3
WINDOW = 32
"""Side of a window whose spectrum is taken."""
EDGE, FLAT = 0.1, 0.01
"""Gradients a pixel, of values in [0, 1]: from the first on an edge is strong, up to the second a place is flat."""


def gradient_similarity(result: Image, content: Image) -> float:
    """SSIM of the magnitudes of the gray gradients (Sobel); 1 where edges are where they were."""
    first, second = (_gradients(luma(image)) for image in (result, content))
    return float(structural_similarity(first, second, data_range=1.0))


def self_similarity_distance(result: Image, content: Image, grid: int = 24) -> float:
    """Mean difference of the cosine distances between places, each row normalized (STROTSS, Kolkin et al. 2019).

    Features of a place are the 7 x 7 gray patches around it at three scales, in place of those of a network.
    """
    first, second = (_distances(_described(luma(image), grid)) for image in (result, content))
    return float(np.abs(first - second).sum(1).mean())


def patch_distance(result: Image, style: Image) -> float:
    """Sliced Wasserstein-1 distance of the 7 x 7 color patches, averaged over three scales, in gray levels of 255."""
    found = []
    for _ in range(SCALES):
        found.append(_sliced(_patches(result), _patches(style)))
        result, style = cv2.pyrDown(result), cv2.pyrDown(style)
    return 255 * float(np.mean(found))


def color_distance(result: Image, style: Image) -> float:
    """Sliced Wasserstein-1 distance of the colors in CIE Lab."""
    first, second = (rgb2lab(image).reshape(-1, 3).astype(np.float32) for image in (result, style))
    return _sliced(first, second)


def _gradients(gray: Image) -> Image:
    magnitude: Image = np.hypot(cv2.Sobel(gray, -1, 1, 0, scale=0.25), cv2.Sobel(gray, -1, 0, 1, scale=0.25))
    return magnitude


def _described(gray: Image, grid: int) -> Image:
    height, width = gray.shape
    rows, columns = (np.linspace(0, size - 1, grid).round() for size in (height, width))
    places = np.stack(np.meshgrid(columns, rows), -1).reshape(-1, 2)
    features = []
    for scale in range(SCALES):
        padded = cv2.copyMakeBorder(gray, *[PATCH // 2] * 4, cv2.BORDER_REFLECT_101)
        windows = np.lib.stride_tricks.sliding_window_view(padded, (PATCH, PATCH))
        at = np.minimum(places // 2**scale, np.array(windows.shape[1::-1]) - 1).astype(int)
        features.append(windows[at[:, 1], at[:, 0]].reshape(len(at), -1))
        gray = cv2.pyrDown(gray)
    return np.concatenate(features, 1)


def _distances(features: Image) -> Image:
    centered = features - features.mean(0)
    unit = centered / np.maximum(np.linalg.norm(centered, axis=1, keepdims=True), 1e-6)
    distances: Image = 1 - unit @ unit.T
    return distances / distances.sum(1, keepdims=True)


def _patches(image: Image) -> Image:
    windows = np.lib.stride_tricks.sliding_window_view(image, (PATCH, PATCH), (0, 1))[::2, ::2]
    return windows.reshape(-1, 3 * PATCH**2)


def _sliced(first: Image, second: Image) -> float:
    directions = np.random.default_rng(0).normal(size=(first.shape[1], PROJECTIONS)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=0)
    levels = (np.arange(QUANTILES) + 0.5) / QUANTILES
    a, b = (np.quantile(values @ directions, levels, axis=0) for values in (first, second))
    return float(np.abs(a - b).mean())


def periodicity(result: Image, content: Image) -> float:
    """Deviation of what repeats regularly where the content is flat, minus the content's own, in gray levels of 255.

    The power spectrum, a mean over flat windows (Welch 1967), has narrow peaks where a pattern repeats. Counted is what lies
    more than three times above the median of its neighborhood (Aizenberg & Butakoff 2008); strokes and noise are broad and
    do not count. NaN if the content is flat nowhere.
    """
    return _regular(result, flat := _flat(luma(content))) - _regular(content, flat)


def halo(result: Image, content: Image) -> float:
    """Mean gradient of the result beside strong edges of the content minus that far from them, less the content's own.

    In gray levels of 255 a pixel, only where the content is flat: the ringing measure of Marziliano et al. (2004), which asks
    for activity near edges that the original does not have. NaN if the content is nowhere flat both near edges and far off.
    """
    gray = luma(content)
    edges = (_gradients(gray) > EDGE).astype(np.uint8)
    away = cv2.distanceTransform(1 - edges, cv2.DIST_L2, 5)
    near, far = (_flat(gray) & (away > low) & (away <= high) for low, high in ((3, 12), (20, np.inf)))
    if not near.any() or not far.any():
        return float("nan")
    added = _gradients(luma(result)) - _gradients(gray)
    return 255 * float(added[near].mean() - added[far].mean())


def _flat(gray: Image) -> NDArray[np.bool_]:
    return cv2.blur(_gradients(gray), (5, 5)) < FLAT


def _regular(image: Image, flat: NDArray[np.bool_]) -> float:
    windows, allowed = (
        np.lib.stride_tricks.sliding_window_view(plane, (WINDOW, WINDOW))[:: WINDOW // 4, :: WINDOW // 4]
        for plane in (luma(image), flat)
    )
    chosen = windows[allowed.mean((2, 3)) > 0.95]
    if not len(chosen):
        return float("nan")
    taper = np.outer(*[np.hanning(WINDOW + 1)[:-1]] * 2)
    centered = (chosen - chosen.mean((1, 2), keepdims=True)) * taper
    power = (np.abs(np.fft.fft2(centered)) ** 2).mean(0)
    around = ndimage.median_filter(power, size=7, mode="wrap")
    frequency = np.hypot(*np.meshgrid(*[np.fft.fftfreq(WINDOW)] * 2))
    peaks = (power - 3 * around).clip(0)[frequency > 2.5 / WINDOW].sum()
    return 255 * float(np.sqrt(peaks / (taper**2).sum()) / WINDOW)
