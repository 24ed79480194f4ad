"""Descriptions of local structure: derivatives of Gaussians (the local jet, Koenderink & van Doorn 1987) at four scales."""

import itertools
from functools import partial

import cv2
import numpy as np
from torch import Tensor

from vaeedit_anomaly.places import Map
from vaeedit_anomaly.threads import mapped

GRID = 64
"""Number of places along each side of a picture."""
SCALES = (1.0, 2.0, 4.0, 8.0)
"""Standard deviations of the Gaussians, in pixels of the working size."""
COLOR_SCALES = SCALES[1:3]
"""Scales at which differences of colors are described."""
DARK = 0.05
"""Added to values in [0, 1] before their logarithm, which makes the exposure a constant."""


def channels_of(channels: int) -> int:
    """The number of channels of a description of pictures with this number of channels."""
    opponents = 2 if channels == 3 else 0
    return 9 * len(SCALES) + 1 + 2 * len(COLOR_SCALES) * opponents


def jets(observed: Tensor) -> Map:
    """Descriptions, float32 (GRID, GRID, `channels_of(C)`), of a picture (1, C, H, W) in [0, 1].

    They are log energies of derivatives, slopes and curvature of the log of the mean of its channels. Of a picture in color
    they are also means and log energies of the log ratios of red and green, and of blue and the others.
    """
    values = observed[0].float().cpu().numpy()
    cells = _of_light(np.log(values.mean(0) + DARK))
    if len(values) == 3:
        red, green, blue = np.log(values + DARK)
        cells += _of_color(red - green) + _of_color(blue - (red + green) / 2)
    return np.stack(cells, -1)


def _of_light(light: Map) -> list[Map]:
    parts = mapped(partial(_at_scale, light), SCALES[::-1])  # the widest first: they take the longest
    return [_cells(_blurred(light, 4.0)), *itertools.chain(*reversed(parts))]


def _at_scale(light: Map, scale: float) -> list[Map]:
    soft = _blurred(light, scale)
    x, y, xx, yy, xy = (
        _derivative(soft, scale, *order) for order in ((1, 0), (0, 1), (2, 0), (0, 2), (1, 1))
    )
    laplacian = xx + yy
    dark, bright = np.maximum(laplacian, 0), np.maximum(-laplacian, 0)
    energies = (np.abs(x), np.abs(y), np.abs(xy), np.abs(xx - yy), dark, bright)
    logs = (_log_energy(energy, scale) for energy in energies)
    return [_cells(channel) for channel in (*logs, x, y, laplacian)]


def _of_color(ratio: Map) -> list[Map]:
    channels = []
    for scale in COLOR_SCALES:
        soft = _blurred(ratio, scale)
        x, y = (_derivative(soft, scale, *order) for order in ((1, 0), (0, 1)))
        energy = np.asarray(cv2.magnitude(x, y), np.float32)
        channels += [_cells(soft), _cells(_log_energy(energy, scale))]
    return channels


def _derivative(soft: Map, scale: float, x: int, y: int) -> Map:
    """The derivative of this order in units of the scale: that of a function of position / scale."""
    return np.asarray(cv2.Sobel(soft, -1, x, y, scale=scale ** (x + y) / 4), np.float32)


def _log_energy(energy: Map, scale: float) -> Map:
    soft = _blurred(energy, max(scale, 2.0))
    soft += 1e-3
    return np.log(soft, out=soft)


def _blurred(x: Map, width: float) -> Map:
    return np.asarray(cv2.GaussianBlur(x, (0, 0), width), np.float32)


def _cells(x: Map) -> Map:
    return np.asarray(cv2.resize(x, (GRID, GRID), interpolation=cv2.INTER_AREA), np.float32)
