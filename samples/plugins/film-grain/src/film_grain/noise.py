"""Grain as a function of seed and position: a part of a picture has the grain that it has in the whole."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH = 4 * math.sqrt(math.log(2))
"""Width, at half height, of the autocorrelation of white noise that a Gaussian of standard deviation 1 has blurred."""


def grain(seed: int, layer: int, height: int, width: int, size: float) -> NDArray[np.float32]:
    """Noise (height, width) of mean 0 and standard deviation 1, whose grains are `size` pixels wide."""
    sigma = size / WIDTH
    margin = math.ceil(4 * sigma)
    kernel = cv2.getGaussianKernel(2 * margin + 1, sigma).astype(np.float32)
    noise = white(seed, layer, height + 2 * margin, width + 2 * margin)
    blurred = cv2.sepFilter2D(noise, -1, kernel, kernel)[margin:, margin:][:height, :width]
    return np.asarray(blurred / np.square(kernel).sum(), np.float32)


def white(seed: int, layer: int, height: int, width: int) -> NDArray[np.float32]:
    """White noise (height, width), drawn row by row: a smaller field is the upper left part of a larger one."""
    rows = np.empty((height, width), np.float32)
    for row in range(height):
        counter = np.random.Philox(key=seed % 2**64, counter=[0, 0, row, layer])
        rows[row] = np.random.Generator(counter).standard_normal(width, np.float32)
    return rows
