"""Maps of an anomaly as pictures: heat, overlay, mask, and the values themselves."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vaeedit.api import Frame, luma

Map = NDArray[np.float32]


def picture(name: str, original: Frame, surprise: Map, limit: float) -> Frame:
    """One of the operation's maps, from the surprise (H, W) of every pixel and the surprise from which one is abnormal."""
    if name == "scores":
        return Frame(np.rint(half_at(surprise, limit) * 65535).astype(np.uint16)[..., None])
    if name == "mask":
        return Frame(np.where(surprise > limit, 255, 0).astype(np.uint8)[..., None])
    heat = coloured(half_at(surprise, limit))
    return Frame(heat if name == "heat" else overlaid(original, heat, surprise, limit))


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
