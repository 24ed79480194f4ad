"""Masks: how much of an edit each pixel takes, and the mixture of the edited picture and the one before."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from vaeedit.errors import ImageError
from vaeedit.image.frame import Frame, Pixels, from_floats, peak_of
from vaeedit.image.sizing import mask_of, resized

NEAR = 0.03
"""Values this near to black or white count as such: a mask that was saved as JPEG has noise."""
ALIKE = 0.02
"""Largest relative difference between the proportions of a mask and of its picture."""
FEATHER = 1 / 500
"""Width of the transition as a share of the shorter side, unless it is given."""
Weights = NDArray[np.float32]


def weights_of(mask: Frame, like: Frame, feather: float | None = None, *, inverted: bool = False) -> Weights:
    """The weight (H, W) of an edit in [0, 1] at the size of the picture `like`: 0 where the mask is black, 1 where white.

    The weight rises over `feather` pixels from the border of the black part inward, so that black stays 0. Raises
    ImageError for a mask whose proportions are not those of the picture.
    """
    height, width = like.height, like.width
    if abs(mask.width * height / (mask.height * width) - 1) > ALIKE:
        raise ImageError(
            f"The mask has {mask.width}x{mask.height} pixels and not the shape of the picture, which has {width}x{height}; "
            "crop it to the same proportions."
        )
    values = (mask_of(mask, height, width) - NEAR) / (1 - 2 * NEAR)
    values = np.clip(1 - values if inverted else values, 0, 1)
    wide = feather if feather is not None else round(FEATHER * min(height, width))
    if wide:
        distance = cv2.distanceTransform((values > 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        values = values * np.minimum(distance / np.float32(wide + 1), 1)
    return np.asarray(values, np.float32)


def mixed(edited: Frame, original: Frame, weights: Weights) -> Frame:
    """The frame `edited`, with the exact pixels and alpha of `original` where `weights` (H, W) are 0, and mixtures below 1.

    Where the edit changes the size, the original is enlarged by cubic interpolation. Raises ImageError where it changes the
    proportions.
    """
    size = edited.height, edited.width
    if abs(size[1] * original.height / (size[0] * original.width) - 1) > ALIKE:
        raise ImageError("The operation changes the shape of the picture, so a mask cannot limit it.")
    own = [_like(values, edited.pixels.dtype, size) for values in (original.pixels, _opacity(original))]
    weights = resized(weights[..., None], *size)[..., 0].clip(0, 1)
    alpha = None if edited.alpha is None else _mixed(edited.alpha[..., None], own[1], weights)[..., 0]
    return replace(edited, pixels=_mixed(edited.pixels, own[0], weights), alpha=alpha)


def _mixed(new: Pixels, own: Pixels, weights: Weights) -> Pixels:
    """Values (H, W, C) of one dtype, C = 3 if one is RGB; exactly `own` where the weight is 0, and `new` where it is 1."""
    result: Pixels = np.where(weights[..., None] > 0, new, own)
    partly = (weights > 0) & (weights < 1)
    peak = np.float32(peak_of(new.dtype))
    before, after = (each[partly].astype(np.float32) / peak for each in (own, new))
    result[partly] = from_floats(before + weights[partly][:, None] * (after - before), new.dtype)
    return result


def _opacity(frame: Frame) -> Pixels:
    """Alpha (H, W, 1), that of an opaque picture if there is none."""
    if frame.alpha is not None:
        return frame.alpha[..., None]
    return np.full((frame.height, frame.width, 1), frame.peak, frame.pixels.dtype)


def _like(values: Pixels, dtype: np.dtype[np.generic], size: tuple[int, int]) -> Pixels:
    """Values (h, w, C) in another depth and at another size."""
    if values.dtype == dtype and values.shape[:2] == size:
        return values
    return from_floats(resized(values.astype(np.float32) / np.float32(peak_of(values.dtype)), *size), dtype)
