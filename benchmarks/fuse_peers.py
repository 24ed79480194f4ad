"""Fusions to compare with, each from uint8 RGB pictures of one size to one of them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Peer = Callable[[Sequence[Image]], Image]


def _bytes(x: np.ndarray) -> Image:
    return np.rint(x.clip(0, 255)).astype(np.uint8)


def average(pictures: Sequence[Image]) -> Image:
    return _bytes(np.mean(np.stack(pictures).astype(np.float64), 0))


def laplacian_pyramid(pictures: Sequence[Image], levels: int = 5) -> Image:
    """Burt & Adelson: the strongest coefficient by its 3 x 3 neighborhood at every scale, the mean of the rest."""
    lows, details = [x.astype(np.float32) for x in pictures], []
    for _ in range(levels):
        halves = [cv2.pyrDown(x) for x in lows]
        rests = [x - cv2.pyrUp(half, dstsize=x.shape[1::-1]) for x, half in zip(lows, halves, strict=True)]
        strength = np.stack([cv2.blur(np.abs(rest).sum(2), (3, 3)) for rest in rests])
        details.append(np.take_along_axis(np.stack(rests), strength.argmax(0)[None, ..., None], 0)[0])
        lows = halves
    found = np.mean(lows, 0)
    for detail in details[::-1]:
        found = cv2.pyrUp(found, dstsize=detail.shape[1::-1]) + detail
    return _bytes(found)


def mertens(pictures: Sequence[Image]) -> Image:
    return _bytes(255 * cv2.createMergeMertens().process(list(pictures)))


def seamless_clone(first: Image, other: Image, mask: np.ndarray) -> Image:
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    center = int(columns[0] + columns[-1]) // 2, int(rows[0] + rows[-1]) // 2
    return cv2.seamlessClone(other, first, mask.astype(np.uint8) * 255, center, cv2.NORMAL_CLONE)


def openfocus() -> dict[str, Peer]:
    """The package's fusions at their defaults, without alignment; its neural default and those without a network."""
    from fusion_methods import stackmffv3
    from fusion_methods.gff import gff_impl
    from fusion_methods.gfg_fgf import gfgfgf_impl
    from fusion_methods.openfocus_ab import openfocus_a_impl, openfocus_b_impl, openfocus_c_impl

    weights = str(Path(stackmffv3.__file__).parents[1] / "weights" / "stackmff_v3_final.pth")
    return {
        "openfocus, StackMFF V3 (its default)": lambda x: stackmffv3._stackmffv3_impl(
            _bgr(x), None, weights, False
        )[..., ::-1],
        "openfocus A": lambda x: openfocus_a_impl(_bgr(x))[..., ::-1],
        "openfocus B": lambda x: openfocus_b_impl(_bgr(x))[..., ::-1],
        "openfocus C": lambda x: openfocus_c_impl(_bgr(x))[..., ::-1],
        "openfocus, guided filter": lambda x: gff_impl(_bgr(x), None)[..., ::-1],
        "openfocus, GFG-FGF": lambda x: gfgfgf_impl(_bgr(x))[..., ::-1],
    }


def _bgr(pictures: Sequence[Image]) -> list[Image]:
    return [np.ascontiguousarray(x[..., ::-1]) for x in pictures]
