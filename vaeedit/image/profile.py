"""Color profiles (ICC) of a matrix and a curve for each channel, as those of cameras, screens and phones are, and gray ones.

Through Pillow, LittleCMS transforms RGB in 8 bits only; this file computes with floats. ICC.1:2022, 7.2, 9.2, 10.6 and 10.18.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from struct import error as StructError
from struct import unpack_from
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ImageCms

NODES = np.linspace(0, 1, 4097)
"""Places at which a curve is known; between them it is taken for linear."""
FINE = 1 << 17
"""Entries of the tables that lead from light to values: half a step is less than half of one of 16 bits."""
TAGS = 200
"""Most tags of a profile."""
SAME = 1 / 510
"""Half a step of 8 bits: a profile that moves no color further than this from sRGB is taken for sRGB."""
RGB, GRAY = b"RGB ", b"GRAY"


class UnusableProfile(Exception):
    """A profile that is damaged, or of another kind; the message completes "its color profile cannot be used: ..."."""


@dataclass(frozen=True, eq=False)
class Space:
    """A color space: `curves` (3, nodes) lead from values in [0, 1] to linear light, `matrix` (3, 3) from there to CIE XYZ.

    A gray space has three equal curves and no matrix.
    """

    curves: NDArray[np.float64]
    matrix: NDArray[np.float64] | None

    def to(self, other: "Space", values: NDArray[Any]) -> NDArray[np.float64]:
        """Values (..., 1 or 3) in [0, 1] of this space as those of the other one, clipped to [0, 1].

        Colors keep their XYZ relative to white: the colorimetric intent. Gray stays gray, whatever the matrices.
        """
        channels = range(values.shape[-1])
        light = np.stack([_at(self._forward[c], values[..., c]) for c in channels], axis=-1)
        if self.matrix is not None and other.matrix is not None and len(channels) == 3:
            light = light @ np.linalg.solve(other.matrix, self.matrix).T
        roots = np.sqrt(light.clip(0, 1))
        return np.stack([_at(other._backward[c], roots[..., c]) for c in channels], axis=-1)

    @cached_property
    def _forward(self) -> NDArray[np.float64]:
        """Light (3, 65536) at every value of 16 bits."""
        return np.stack([np.interp(np.linspace(0, 1, 1 << 16), NODES, curve) for curve in self.curves])

    @cached_property
    def _backward(self) -> NDArray[np.float64]:
        """Values (3, FINE) at equal steps of the square root of light, which are small where it is dark."""
        return np.stack([np.interp(np.linspace(0, 1, FINE) ** 2, curve, NODES) for curve in self.curves])


def _at(table: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """The entries at places in [0, 1]; looking up is five times as fast as np.interp."""
    return table[np.rint(places * (len(table) - 1)).astype(np.int32)]


@lru_cache(16)
def space_of(icc: bytes, channels: int) -> Space | None:
    """The space of a profile for pictures of 1 or 3 channels; None if it is sRGB; raises UnusableProfile."""
    try:
        space = _parsed(icc)
    except (StructError, ValueError, ArithmeticError, np.linalg.LinAlgError):
        raise UnusableProfile("it is damaged") from None
    if channels == 3 and space.matrix is None:
        raise UnusableProfile("it is for gray pictures")
    steps = np.linspace(0, 1, 6)
    colors = np.stack(np.meshgrid(*[steps] * channels), axis=-1)
    return None if np.abs(space.to(srgb(), colors) - colors).max() <= SAME else space


@lru_cache(1)
def srgb() -> Space:
    """The space in which pictures are edited, as LittleCMS defines it."""
    return _parsed(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


def _parsed(icc: bytes) -> Space:
    """Raises UnusableProfile, and StructError, ValueError or LinAlgError for a damaged profile."""
    kind, count = icc[16:20], unpack_from(">L", icc, 128)[0]
    if count > TAGS:
        raise ValueError("too many tags")
    places = {icc[at : at + 4]: unpack_from(">LL", icc, at + 4) for at in range(132, 132 + 12 * count, 12)}
    tags = {name: icc[start : start + size] for name, (start, size) in places.items()}
    if kind == GRAY and b"kTRC" in tags:
        return Space(np.stack([_curve(tags[b"kTRC"])] * 3), None)
    if kind != RGB or b"A2B0" in tags or b"rXYZ" not in tags:
        name = kind.decode("ascii", "replace").strip()
        raise UnusableProfile(f"it is made of tables for {name}, and only curves and a matrix are supported")
    matrix = (
        np.array([unpack_from(">3l", tags.get(name, b""), 8) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]).T
        / 65536
    )
    np.linalg.inv(matrix)
    return Space(np.stack([_curve(tags.get(name, b"")) for name in (b"rTRC", b"gTRC", b"bTRC")]), matrix)


def _curve(tag: bytes) -> NDArray[np.float64]:
    """The values of a curve at the nodes, which never fall; raises StructError or ValueError."""
    kinds = {b"curv": _sampled, b"para": _parametric}
    if tag[:4] not in kinds:
        raise ValueError("no curve")
    with np.errstate(all="ignore"):
        values = kinds[tag[:4]](tag)
    if not np.isfinite(values).all() or values[-1] <= values[0]:
        raise ValueError("no curve")
    return np.maximum.accumulate(np.clip(values, 0, 1))


def _sampled(tag: bytes) -> NDArray[np.float64]:
    count = unpack_from(">L", tag, 8)[0]
    if count == 0:
        return NODES
    if count == 1:
        return NODES ** float(unpack_from(">H", tag, 12)[0] / 256)
    table = np.frombuffer(tag, ">u2", count, 12) / 65535
    return np.interp(NODES, np.linspace(0, 1, count), table)


def _parametric(tag: bytes) -> NDArray[np.float64]:
    """The functions of table 68: (a x + b)^g + e from d on, and c x + f below."""
    kind = unpack_from(">H", tag, 8)[0]
    count = (1, 3, 4, 5, 7)[kind] if kind < 5 else 0
    g, *rest = (value / 65536 for value in unpack_from(f">{count}l", tag, 12))
    a, b, c, d, e, f = 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if kind in (1, 2):
        a, b, *constant = rest
        e = f = sum(constant)
        d = -b / a
    elif kind > 2:
        a, b, c, d, e, f = (*rest, 0.0, 0.0)[:6]
    return np.where(d <= NODES, np.maximum(a * NODES + b, 0) ** g + e, c * NODES + f)
