"""A periodic pattern in a texture: the highest peak of its spectrum over the neighboring frequencies."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

WINDOW = 64
"""Side in pixels of the windows whose spectra are averaged."""
AROUND = 9
"""Side, in frequencies, of the neighborhood whose median is compared with."""
EMPTY = 1e-3
"""Frequencies with less than this share of the largest power are left out: a sample adds nothing there."""


def spectrum(texture: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mean power (WINDOW, WINDOW) of a texture (H, W) under Hann windows that overlap by half, frequency 0 first.

    Every window is divided by its deviation, so that few strong places do not decide.
    """
    taper = np.outer(np.hanning(WINDOW), np.hanning(WINDOW))
    tops, lefts = (range(0, side - WINDOW + 1, WINDOW // 2) for side in texture.shape)
    parts = [texture[y : y + WINDOW, x : x + WINDOW] for y in tops for x in lefts]
    even = [(part - part.mean()) / (part.std() + 1e-6) for part in parts]
    power: NDArray[np.float64] = np.mean([np.abs(np.fft.fft2(part * taper)) ** 2 for part in even], 0)
    return power


def highest_peak(texture: NDArray[np.floating]) -> float:
    """The largest power over the median of its neighborhood in the spectrum of a texture (H, W).

    Noise without a period has 2 to 3 over some dozen windows; a grid has far more.
    """
    power = spectrum(texture)
    around = sliding_window_view(np.pad(power, AROUND // 2, mode="wrap"), (AROUND, AROUND))
    ratio = power / np.maximum(np.median(around, (2, 3)), EMPTY * power.max())
    return float(ratio.ravel()[1:].max())  # the mean of a window has no period
