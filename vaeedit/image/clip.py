"""Read and write clips: a GIF, an MP4 (PyAV, an extra), or a folder of pictures, one for each frame."""

import io
import os
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from textwrap import shorten

import numpy as np

from vaeedit.errors import ImageError, MissingExtra, UsageError, VaeeditError
from vaeedit.image.animation import pictures, too_long
from vaeedit.image.atomic import make_folder, write_whole
from vaeedit.image.decode import read
from vaeedit.image.encode import write
from vaeedit.image.files import FILMS, expanded
from vaeedit.image.film import Film, film_bytes
from vaeedit.image.frame import Frame
from vaeedit.image.gate import Gate
from vaeedit.limits import FRAMES, PICTURE, PIXELS, read_regular

RATE = 12.0
"""Frames per second of a clip that names none."""


def read_clip(path: str | os.PathLike[str]) -> Film:
    """The frames of a clip, all of one size, (H, W, 1) where they are gray and (H, W, 3) otherwise.

    Raises UsageError for a name that is neither a folder nor ends in .gif or .mp4, ImageError for a clip that cannot be read,
    has frames of several sizes or is over a limit, and MissingExtra.
    """
    path = Path(path)
    frames, rate = (map(read, expanded(path)), RATE) if path.is_dir() else _opened(path)
    found = _limited(frames, path)
    sizes = {(frame.height, frame.width) for frame in found}
    if len(sizes) > 1:
        raise ImageError(f"{path} has frames of several sizes; make all of one size.")
    gray = all(_is_gray(frame) for frame in found)
    return Film([Frame(frame.as_uint8()[..., : 1 if gray else 3]) for frame in found], rate)


def write_clip(film: Film, path: Path) -> list[str]:
    """Write a GIF or an MP4 or, where the name has no extension, a folder with a PNG for each frame; returns warnings.

    Raises ImageError, and UsageError for another extension.
    """
    format = FILMS.get(path.suffix.lower())
    if format is None:
        files = clip_files(path, len(film.frames))
        make_folder(path)
        return [
            warning for frame, file in zip(film.frames, files, strict=True) for warning in write(frame, file)
        ]
    data, warnings = film_bytes(film.in_color(), format)
    make_folder(path.parent)
    write_whole(path, data)
    return warnings


def clip_files(path: Path, frames: int) -> list[Path]:
    """The files that `write_clip` makes for so many frames; raises UsageError for an extension that it does not know."""
    if path.suffix.lower() in FILMS:
        return [path]
    if path.suffix:
        raise UsageError(f"{path} does not end in .gif or .mp4; without an extension it becomes a folder.")
    return [path / f"{index:04d}.png" for index in range(frames)]


def _opened(path: Path) -> tuple[Iterator[Frame], float]:
    """The frames of a file, which are decoded one by one, and its rate."""
    format = FILMS.get(path.suffix.lower())
    if format is None:
        raise UsageError(f"{path} is no clip; name a GIF, an MP4 or a folder of pictures.")
    data = read_regular(path, PICTURE)
    try:
        return _of_gif(data, path) if format == "GIF" else _of_mp4(data)
    except VaeeditError:
        raise
    except Exception as error:  # decoders raise anything on damaged data
        raise _damaged(path, error) from None


def _of_gif(data: bytes, path: Path) -> tuple[Iterator[Frame], float]:
    found = pictures(data, Gate(str(path), len(data)))
    first = next(found)
    return chain([first.frame], (shown.frame for shown in found)), 1000 / (first.milliseconds or 1000 / RATE)


def _of_mp4(data: bytes) -> tuple[Iterator[Frame], float]:
    try:
        import av
    except ImportError:
        raise MissingExtra("Reading MP4", "video") from None
    container = av.open(io.BytesIO(data), "r")
    if not container.streams.video:
        raise ValueError("it holds no video")
    stream = container.streams.video[0]
    _require_size(stream.width, stream.height)
    frames = (Frame(frame.to_ndarray(format="rgb24")) for frame in container.decode(stream))
    return frames, float(stream.average_rate or RATE)


def _require_size(width: int, height: int) -> None:
    """Before a frame is decoded: raises ValueError for one that is over the limit by itself."""
    if width * height > PIXELS.value:
        raise ValueError(f"it has {width} x {height} pixels, and {PIXELS.variable} is {PIXELS.value:,}")


def _limited(frames: Iterator[Frame], path: Path) -> list[Frame]:
    """All frames; raises ImageError for none, for too many, or for damaged ones."""
    found: list[Frame] = []
    pixels = 0
    try:
        for frame in islice(frames, FRAMES.value + 1):
            found.append(frame)
            pixels += frame.width * frame.height
            if len(found) > FRAMES.value or pixels > PIXELS.value:
                raise too_long(str(path))
    except VaeeditError:
        raise
    except Exception as error:  # as above
        raise _damaged(path, error) from None
    if not found:
        raise ImageError(f"{path} holds no frame.")
    return found


def _is_gray(frame: Frame) -> bool:
    """Whether the channels differ by no more than the rounding of a video."""
    pixels = frame.as_uint8().astype(np.int16)
    return bool((np.ptp(pixels, axis=2) <= 8).all())


def _damaged(path: Path, error: Exception) -> ImageError:
    reason = shorten(str(error) or type(error).__name__, 100, placeholder=" …").rstrip(".")
    return ImageError(f"{path} is damaged or no clip, and cannot be decoded: {reason}.")
