"""Pictures of anomalies: heat, overlay, mask, a small preview, and the values themselves."""

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vaeedit.api import Frame, luma

Map = NDArray[np.float32]
SIDE = 220
"""Longer side in pixels of each picture in a preview."""


def picture(name: str, original: Frame, neg_log_p: Map, limit: float) -> Frame:
    """The map of the operation with this name; `neg_log_p` is (H, W), 0 or more, and abnormal above `limit`."""
    if name == "scores":
        return Frame(np.rint(half_at(neg_log_p, limit) * 65535).astype(np.uint16)[..., None])
    if name == "mask":
        return Frame(np.where(neg_log_p > limit, 255, 0).astype(np.uint8)[..., None])
    heat = colored(half_at(neg_log_p, limit))
    if name == "heat":
        return Frame(heat)
    overlay = overlaid(original, heat, neg_log_p, limit)
    return Frame(beside(original, overlay) if name == "preview" else overlay)


def half_at(neg_log_p: Map, limit: float) -> Map:
    """Values of 0 or more mapped to [0, 1) in the same order, with `limit` at 1/2; same shape."""
    mapped: Map = neg_log_p / (neg_log_p + np.float32(max(limit, 1e-6)))
    return mapped


def colored(values: Map) -> NDArray[np.uint8]:
    """Values (H, W) in [0, 1] in the colors of a perceptually uniform map (inferno): RGB (H, W, 3), 8 bits."""
    gray = np.rint(values * 255).astype(np.uint8)
    return np.ascontiguousarray(cv2.applyColorMap(gray, cv2.COLORMAP_INFERNO)[..., ::-1], np.uint8)


def overlaid(original: Frame, heat: NDArray[np.uint8], neg_log_p: Map, limit: float) -> NDArray[np.uint8]:
    """The gray image, with the heat (H, W, 3) over abnormal places and an outline around them: RGB (H, W, 3), 8 bits."""
    gray = 255 * luma(original.floats())[..., None]
    share = np.clip(half_at(neg_log_p, limit) * 2 - 0.6, 0, 0.6)[..., None]
    mixed = np.ascontiguousarray(np.rint(gray * (1 - share) + heat * share).astype(np.uint8))
    outlines, _ = cv2.findContours(
        (neg_log_p > limit).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    thickness = max(1, round(max(gray.shape[:2]) / 400))
    cv2.drawContours(mixed, outlines, -1, (255, 210, 0), thickness)
    return mixed


def beside(original: Frame, overlay: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The image and its overlay (H, W, 3), both small, side by side: 8 bits; each takes half of the width."""
    pixels = original.as_uint8()
    pictures = [
        Image.fromarray(np.ascontiguousarray(np.broadcast_to(pixels, overlay.shape))),
        Image.fromarray(overlay),
    ]
    for picture in pictures:
        picture.thumbnail((SIDE, SIDE))
    return np.concatenate([np.asarray(picture) for picture in pictures], axis=1)
