"""How normal images differ from each other, so that training can show more of them than there are.

Found out from the images: whether their mirror images are as normal as they are, and by how much exposures differ. Nothing
else is varied, since a turned or tinted normal image may be an abnormal one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from vaeedit.api import Frame, luma
from vaeedit_anomaly.perlin import uniform

Map = NDArray[np.float32]
GRID = 32
"""Side of the pictures in which an image is compared with the mirror image of another."""
UNLIKE = 0.1
"""Correlation by which halves of the images may agree better as they are than mirrored."""
SLANT = 0.05
"""Share of all gradients that may lean to one side: a slanted grain leans to the other one in the mirror."""
FEWEST = 10
"""Images without which nothing can be said about symmetry."""


@dataclass(frozen=True)
class Variety:
    """Whether images may be mirrored (top to bottom, left to right), and the deviation of their log brightness."""

    mirrors: tuple[bool, bool] = (False, False)
    exposure: float = 0.0


def variety(frames: Sequence[Frame]) -> Variety:
    """What the prepared images (grey or RGB) tell."""
    greys = [luma(frame.floats()) for frame in frames]
    brightness = np.log([float(grey.mean()) + 0.01 for grey in greys])
    exposure = float(brightness.std())
    if len(greys) < FEWEST or abs(np.mean([_slant(grey) for grey in greys])) > SLANT:
        return Variety((False, False), exposure)
    small = [cv2.resize(grey, (GRID, GRID), interpolation=cv2.INTER_AREA) for grey in greys]
    even, odd = (np.mean([one - one.mean() for one in small[start::2]], 0) for start in (0, 1))
    alike = _correlation(even, odd)
    mirrors = [_correlation(even, np.flip(odd, axis)) > alike - UNLIKE for axis in (0, 1)]
    return Variety((mirrors[0], mirrors[1]), exposure)


def varied(x: Tensor, mirrors: tuple[bool, bool], exposure: float, generator: Generator) -> Tensor:
    """Images (B, C, H, W) in [0, 1], each mirrored or not as is allowed, and brighter or darker by up to exp(exposure)."""
    shape = (len(x), 1, 1, 1)
    for allowed, axis in zip(mirrors, (2, 3), strict=True):
        if allowed:
            x = torch.where(uniform(shape, generator) < 0.5, x, x.flip(axis))
    return (x * uniform(shape, generator, -exposure, exposure).exp()).clamp(0, 1) if exposure else x


def _correlation(a: Map, b: Map) -> float:
    return float(np.sum(a * b) / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-9))


def _slant(grey: Map) -> float:
    """The mixed moment of the gradients over their mean square, in [-1/2, 1/2]; 0 where they lean to both sides alike."""
    down, right = np.gradient(grey)  # central differences: those to a common neighbour would correlate
    return float((down * right).mean() / max(float((down**2 + right**2).mean()), 1e-9))
