"""Maps of an anomaly as pictures: heat, overlay, mask, a small preview, and the values themselves."""

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vaeedit.api import Frame, luma

Map = NDArray[np.float32]
SIDE = 220
"""Longer side of a picture in a preview, in pixels."""


def picture(name: str, original: Frame, surprise: Map, limit: float) -> Frame:
    """One of the operation's maps, from the surprise (H, W) of every pixel and the surprise from which one is abnormal."""
    if name == "scores":
        return Frame(np.rint(half_at(surprise, limit) * 65535).astype(np.uint16)[..., None])
    if name == "mask":
        return Frame(np.where(surprise > limit, 255, 0).astype(np.uint8)[..., None])
    heat = coloured(half_at(surprise, limit))
    if name == "heat":
        return Frame(heat)
    overlay = overlaid(original, heat, surprise, limit)
    return Frame(beside(original, overlay) if name == "preview" else overlay)


def half_at(surprise: Map, limit: float) -> Map:
    """Values in [0, 1) in the same order, and 1/2 where a pixel begins to be abnormal."""
    found: Map = surprise / (surprise + np.float32(max(limit, 1e-6)))
    return found


def coloured(values: Map) -> NDArray[np.uint8]:
    """Values in [0, 1] in the colours of a perceptually uniform map, (H, W, 3) RGB."""
    grey = np.rint(values * 255).astype(np.uint8)
    return np.ascontiguousarray(cv2.applyColorMap(grey, cv2.COLORMAP_INFERNO)[..., ::-1], np.uint8)


def overlaid(original: Frame, heat: NDArray[np.uint8], surprise: Map, limit: float) -> NDArray[np.uint8]:
    """The image in grey under the heat where it is abnormal, and a line around that."""
    grey = 255 * luma(original.floats())[..., None]
    share = np.clip(half_at(surprise, limit) * 2 - 0.6, 0, 0.6)[..., None]
    mixed = np.ascontiguousarray(np.rint(grey * (1 - share) + heat * share).astype(np.uint8))
    outlines, _ = cv2.findContours(
        (surprise > limit).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    thickness = max(1, round(max(grey.shape[:2]) / 400))
    cv2.drawContours(mixed, outlines, -1, (255, 210, 0), thickness)
    return mixed


def beside(original: Frame, overlay: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The image and its overlay (H, W, 3), both small, side by side; each takes half of the width."""
    pixels = original.as_uint8()
    pictures = [
        Image.fromarray(np.ascontiguousarray(np.broadcast_to(pixels, overlay.shape))),
        Image.fromarray(overlay),
    ]
    for picture in pictures:
        picture.thumbnail((SIDE, SIDE))
    return np.concatenate([np.asarray(picture) for picture in pictures], axis=1)
