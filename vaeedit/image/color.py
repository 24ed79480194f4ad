"""Color management: pictures are edited in sRGB, and results return to the space of the picture's own profile."""

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from vaeedit.image.frame import Frame, Pixels, from_floats, peak_of
from vaeedit.image.profile import Space, UnusableProfile, space_of, srgb

Floats = NDArray[np.floating[Any]]

ROWS = 256
"""Rows that are converted at a time, to save memory."""
ALIKE = 0.1
"""Curves that differ by less light than this are alike: those with gammas from 1.8 to 2.8 are."""
FAR = 0.5
"""A change of a color by this much leaves nothing of what sRGB could not hold of it."""


def profile_fault(frame: Frame) -> str | None:
    """A sentence about the profile of a frame, if it cannot be used."""
    try:
        _space(frame)
    except UnusableProfile as reason:
        return f"Its color profile cannot be used, so it is edited as if it were sRGB: {reason}."
    return None


def working(frame: Frame, *, unless_alike: bool = False) -> Frame:
    """The frame in sRGB, in its own depth and without a profile; the same object if it is sRGB or cannot be converted.

    With `unless_alike` it also stays in a space whose curves are like those of sRGB.
    """
    try:
        space = _space(frame)
    except UnusableProfile:
        return frame
    if space is None or (unless_alike and np.abs(space.curves - srgb().curves).max() < ALIKE):
        return frame
    pixels = np.empty_like(frame.pixels)
    for rows in _parts(frame.height):
        pixels[rows] = from_floats(space.to(srgb(), _floats(frame.pixels[rows])), pixels.dtype)
    return replace(frame, pixels=pixels, metadata=replace(frame.metadata, icc=None))


def returned(result: Frame, work: Frame, own: Frame) -> Frame:
    """A result of an edit of `work` = `working(own)` in the space of `own`, with its profile.

    It is to_own(result) + own - to_own(work): what the edit does not change comes back bit by bit, also colors that sRGB
    cannot hold. The difference own - to_own(work) fades with the distance that the edit moves a color.
    """
    if result is work:
        return own
    space = None if work is own else _space(own)
    if space is None or (
        result.channels == 3 and space.matrix is None
    ):  # color has been added to a gray picture
        return result
    times = result.height // own.height
    follows = result.pixels.shape == (own.height * times, own.width * times, own.channels)
    pixels = np.empty_like(result.pixels)
    for rows in _parts(result.height):
        values: Floats = srgb().to(space, _floats(result.pixels[rows]))
        if follows:
            values = values + _kept(result, work, own, space, rows, times)
        pixels[rows] = from_floats(values, pixels.dtype)
    return replace(result, pixels=pixels, metadata=replace(result.metadata, icc=own.metadata.icc))


def _kept(result: Frame, work: Frame, own: Frame, space: Space, rows: slice, times: int) -> Floats:
    """What these rows of the result, which is `times` as large, keep of the difference own - to_own(work)."""
    top, bottom = max(rows.start // times - 1, 0), -(-rows.stop // times) + 1
    before = _floats(work.pixels[top:bottom])
    lost: Floats = _floats(own.pixels[top:bottom]) - srgb().to(space, before)
    if times > 1:
        before, lost = (_enlarged(values, times) for values in (before, lost))
    skipped = slice(rows.start - top * times, rows.stop - top * times)
    distance = np.abs(_floats(result.pixels[rows]) - before[skipped]).max(axis=2, keepdims=True)
    return np.asarray(lost[skipped] * np.maximum(1 - distance / FAR, 0))


def rgb_of(image: Image.Image) -> tuple[Image.Image, str]:
    """An RGB picture of CMYK or Lab, and a sentence about that; by LittleCMS, if its profile can be used."""
    own, target = image.info.get("icc_profile") or b"", ImageCms.createProfile("sRGB")
    intent, flags = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
    told = f"Its {image.mode} colors become RGB"
    try:
        lab = image.mode == "LAB"
        source: Any = ImageCms.createProfile("LAB") if lab else ImageCms.getOpenProfile(io.BytesIO(own))
        done = ImageCms.profileToProfile(image, source, target, intent, "RGB", flags=flags)
        assert done is not None
    except ImageCms.PyCMSError:
        return image.convert("RGB"), f"{told}; without a usable profile they may look different."
    return done, f"{told}, by its profile."


def _space(frame: Frame) -> Space | None:
    icc = frame.metadata.icc
    return space_of(icc, frame.channels) if icc else None


def _floats(pixels: Pixels) -> Floats:
    return np.asarray(pixels / np.float64(peak_of(pixels.dtype)), np.float64)


def _enlarged(values: Floats, times: int) -> Floats:
    large = cv2.resize(values, None, fx=times, fy=times, interpolation=cv2.INTER_LINEAR)
    return np.asarray(large, np.float64).reshape(*large.shape[:2], -1)


def _parts(height: int) -> Iterator[slice]:
    return (slice(top, min(top + ROWS, height)) for top in range(0, height, ROWS))
