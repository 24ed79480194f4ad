"""Descriptions of local structure: derivatives of Gaussians (the local jet, Koenderink & van Doorn 1987) at four scales."""

import cv2
import numpy as np
from torch import Tensor

from vaeedit_anomaly.places import Map

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
    channels = _of_light(np.log(values.mean(0) + DARK))
    if len(values) == 3:
        red, green, blue = np.log(values + DARK)
        channels += _of_color(red - green) + _of_color(blue - (red + green) / 2)
    cells = [cv2.resize(channel, (GRID, GRID), interpolation=cv2.INTER_AREA) for channel in channels]
    return np.stack(cells, -1).astype(np.float32)


def _of_light(light: Map) -> list[Map]:
    channels = [cv2.GaussianBlur(light, (0, 0), 4.0)]
    for scale in SCALES:
        soft = cv2.GaussianBlur(light, (0, 0), scale)
        orders = ((1, 0), (0, 1), (2, 0), (0, 2), (1, 1))
        x, y, xx, yy, xy = (cv2.Sobel(soft, -1, *order) * scale ** sum(order) / 4 for order in orders)
        dark, bright = np.maximum(xx + yy, 0), np.maximum(-xx - yy, 0)
        energies = (np.abs(derivative) for derivative in (x, y, xy, xx - yy, dark, bright))
        channels += [_log_energy(energy, scale) for energy in energies]
        channels += [x, y, xx + yy]
    return [np.asarray(channel, np.float32) for channel in channels]


def _of_color(ratio: Map) -> list[Map]:
    channels = []
    for scale in COLOR_SCALES:
        soft = cv2.GaussianBlur(ratio, (0, 0), scale)
        x, y = (cv2.Sobel(soft, -1, *order) * scale / 4 for order in ((1, 0), (0, 1)))
        channels += [soft, _log_energy(np.asarray(np.hypot(x, y), np.float32), scale)]
    return [np.asarray(channel, np.float32) for channel in channels]


def _log_energy(energy: Map, scale: float) -> Map:
    return np.asarray(np.log(cv2.GaussianBlur(energy, (0, 0), max(scale, 2.0)) + 1e-3), np.float32)
