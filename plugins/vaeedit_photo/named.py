"""Edits of pixels with a name, each by one unit; values are not clipped, so that a direction learned from them is linear."""

import cv2
import numpy as np

from vaeedit.api import Frame, VaeeditError, luma


def edited(frame: Frame, name: str) -> Frame:
    """The picture after the edit, float32 around [0, 1]; raises VaeeditError if a gray picture lacks the colors."""
    x = frame.floats()
    if frame.channels == 1 and name in ("warmth", "saturation"):
        raise VaeeditError(f"A gray picture has no {name} to change.")
    if name == "brightness":
        y = x + np.float32(0.1)
    elif name == "contrast":
        y = x + 0.25 * (x - x.mean((0, 1), keepdims=True).mean())
    elif name == "warmth":
        y = x + np.array([0.06, 0.01, -0.06], np.float32)
    elif name == "saturation":
        y = x + 0.4 * (x - luma(x)[..., None])
    else:
        blurred = cv2.GaussianBlur(x, (0, 0), 1.0, borderType=cv2.BORDER_REFLECT)
        y = x + (x - blurred.reshape(x.shape))
    return Frame(y.astype(np.float32))
