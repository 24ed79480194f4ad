"""Edits of pixels that have a name, each by one unit; unclipped, so that they can be gone along further or back."""

import cv2
import numpy as np

from vaeedit.api import Frame, VaeeditError, luma


def edited(frame: Frame, name: str) -> Frame:
    """The picture, in float32, a little brighter, warmer, ...; raises VaeeditError for colors of a gray one."""
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
