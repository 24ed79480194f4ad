"""Aligns pictures with the first: by a homography (ECC) or, for exposures, by a shift (MTB)."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from vaeedit.api import Frame, VaeeditError, luma
from vaeedit_fuse.arrays import Array, Map

SIDE = 512
"""Longer side in pixels of the pictures that are compared."""
SURE = 0.3
"""Correlation that a homography must exceed to be used."""
ALIKE = 0.6
"""A shift is used if more than this share of the pixels lies on the same side of both medians."""
Matrix = NDArray[np.float32]


def aligned(pictures: Sequence[Frame], mode: str) -> list[Frame]:
    """The pictures, all of one size, aligned with the first; areas that a picture does not show are taken from the first.

    Raises VaeeditError for a picture that cannot be aligned.
    """
    return [
        pictures[0],
        *(_moved(pictures[0], other, number, mode) for number, other in enumerate(pictures[1:], 2)),
    ]


def _moved(first: Frame, other: Frame, number: int, mode: str) -> Frame:
    grays = luma(first.floats()), luma(other.floats())
    if np.array_equal(*grays):
        return other
    matrix = _shift(*grays) if mode == "exposure" else _homography(*grays, edges=mode == "infrared")
    if matrix is None:
        raise VaeeditError(
            f"Picture {number} could not be aligned with the first: they have too little in common. "
            "Leave out --align or that picture."
        )
    return _warped(other, first, matrix)


def _shift(first: Map, other: Map) -> Matrix | None:
    """The shift between luma images (H, W), up to 64 pixels, by median threshold bitmaps (Ward 2003); None if unreliable."""
    steps = int(np.clip(np.log2(min(first.shape)) - 3, 1, 6))
    mtb = cv2.createAlignMTB(steps, 4, False)
    pair = [_bytes(x) for x in (first, other)]
    dx, dy = mtb.calculateShift(*pair)
    matrix = np.eye(3, dtype=np.float32)
    matrix[:2, 2] = -dx, -dy
    light, shifted = (x > np.median(x) for x in (pair[0], mtb.shiftMat(pair[1], (dx, dy))))
    return matrix if (light == shifted).mean() > ALIKE else None


def _homography(first: Map, other: Map, *, edges: bool) -> Matrix | None:
    """From the first to the other, by enhanced correlation (ECC, Evangelidis & Psarakis 2008), coarse to fine.

    None if they do not match. With `edges`, gradients are compared: an infrared picture has another brightness.
    """
    scale = min(1.0, SIDE / max(first.shape))
    matrix: Matrix = np.eye(3, dtype=np.float32)
    correlation = 0.0
    for factor in (scale / 4, scale / 2, scale):
        small = [_prepared(x, factor, edges) for x in (first, other)]
        if min(small[0].shape) < 16:
            continue
        everywhere = np.full(small[0].shape, 255, np.uint8)
        last = factor == scale
        motion = cv2.MOTION_HOMOGRAPHY if last else cv2.MOTION_AFFINE
        guess = np.ascontiguousarray(_rescaled(matrix, factor)[: 3 if last else 2])
        stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 100, 1e-5)
        try:
            correlation, fitted = cv2.findTransformECC(small[0], small[1], guess, motion, stop, everywhere, 3)
        except cv2.error:  # it did not converge
            return None
        whole = np.vstack([np.asarray(fitted), [[0, 0, 1]]])[:3]
        matrix = _rescaled(whole.astype(np.float32), 1 / factor)
    return matrix if correlation > SURE else None


def _prepared(x: Map, factor: float, edges: bool) -> Map:
    small = cv2.resize(x, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    if edges:
        small = cv2.GaussianBlur(
            np.hypot(cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1)), (0, 0), 2
        )
    return np.asarray(small, np.float32)


def _rescaled(matrix: Matrix, factor: float) -> Matrix:
    """The same motion for coordinates that are `factor` times as large; pixel centers are at halves."""
    scale = np.diag([factor, factor, 1.0])
    scale[:2, 2] = (factor - 1) / 2
    rescaled: Matrix = (scale @ matrix @ np.linalg.inv(scale)).astype(np.float32)
    return rescaled


def _warped(other: Frame, first: Frame, matrix: Matrix) -> Frame:
    size, back = (first.width, first.height), cv2.WARP_INVERSE_MAP
    values = cv2.warpPerspective(
        other.floats(), matrix, size, flags=cv2.INTER_CUBIC | back, borderMode=cv2.BORDER_REPLICATE
    ).reshape(first.pixels.shape)
    shown = cv2.warpPerspective(
        np.ones((first.height, first.width), np.float32), matrix, size, flags=cv2.INTER_LINEAR | back
    )
    whole: Array = np.where(shown[..., None] > 0.999, values, first.floats())
    return Frame(other.with_floats(whole).pixels)


def _bytes(x: Map) -> NDArray[np.uint8]:
    return np.asarray(np.rint(x.clip(0, 1) * 255), np.uint8)
