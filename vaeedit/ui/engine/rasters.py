"""Pixels for the screen: 8 bits, in sRGB, cut and shrunk to the part that is seen, as PNG."""

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vaeedit.image import Frame, working
from vaeedit.run.operation import Result

Bytes = NDArray[np.uint8]
"""(H, W, C) with 1 to 4 channels: gray or RGB, perhaps with alpha."""
Region = tuple[float, float, float, float]
"""Left, top, right and bottom as shares of a picture."""
PNG = (
    *(cv2.IMWRITE_PNG_COMPRESSION, 1),
    *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE),
    *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_SUB),
)
"""How PNG is compressed: on one machine little time matters more than few bytes. It is half the time of level 1 alone."""


def seen(result: Result) -> tuple[Frame, str]:
    """The picture that the viewer shows of a result, and a sentence if it is not all of it."""
    if result.film is None:
        return result.frame, ""
    frames = result.film.frames
    return frames[len(frames) // 2], "This is the middle frame of the film."


def pixels_of(frame: Frame) -> Bytes:
    """The pixels as the screen shows them."""
    plain: Any = working(frame).as_depth(8)
    values: Bytes = plain.samples.reshape(plain.height, plain.width, -1)
    return values


def shrunk(frame: Frame, width: int, height: int) -> Frame:
    """A smaller version of a frame, by averages of areas; its conditions and deviations are left out."""
    if (frame.width, frame.height) == (width, height):
        return frame
    pixels, alpha = (_resized(values, width, height) for values in (frame.pixels, frame.alpha))
    assert pixels is not None
    return replace(frame, pixels=pixels.reshape(height, width, -1), alpha=alpha, std=None, conditions={})


def _resized(values: NDArray[Any] | None, width: int, height: int) -> NDArray[Any] | None:
    if values is None:
        return None
    return np.asarray(cv2.resize(values, (width, height), interpolation=cv2.INTER_AREA), values.dtype)


def crop(frame: Frame, left: int, top: int, right: int, bottom: int) -> Frame:
    """A rectangle of a frame, without copying."""
    part = slice(top, bottom), slice(left, right)
    alpha = None if frame.alpha is None else frame.alpha[part]
    return replace(frame, pixels=frame.pixels[part], alpha=alpha)


def window(values: NDArray[Any], region: Region, width: int, height: int) -> NDArray[Any]:
    """The region of values (H, W, C) at (height, width, C): averages of areas, or cubic interpolation where it is larger."""
    rows, columns = values.shape[:2]
    left, top, right, bottom = region[0] * columns, region[1] * rows, region[2] * columns, region[3] * rows
    across, down = width / (right - left), height / (bottom - top)
    box = [round(edge) for edge in (left, top, right, bottom)]
    exact = max(abs(a - b) for a, b in zip(box, (left, top, right, bottom), strict=True)) < 1e-3
    if (across < 1 and down < 1) or (exact and across == down == 1):
        x0, y0 = min(box[0], columns - 1), min(box[1], rows - 1)
        part = np.ascontiguousarray(values[y0 : max(box[3], y0 + 1), x0 : max(box[2], x0 + 1)])
        if part.shape[:2] == (height, width):
            return part
        done = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)
    else:
        # the center of a pixel is at its half: x_source = (x + 0.5) / across + left - 0.5
        matrix = np.array([[1 / across, 0, left - 0.5 + 0.5 / across], [0, 1 / down, top - 0.5 + 0.5 / down]])
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        done = cv2.warpAffine(
            np.ascontiguousarray(values), matrix, (width, height), flags=how, borderMode=cv2.BORDER_REPLICATE
        )
    return np.asarray(done, values.dtype).reshape(height, width, -1)


def png(values: Bytes) -> bytes:
    """The pixels as a PNG file, without loss."""
    order = {1: [0], 2: [0, 0, 0, 1], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[values.shape[2]]
    done, data = cv2.imencode(".png", np.ascontiguousarray(values[..., order]), PNG)
    assert done
    return data.tobytes()
