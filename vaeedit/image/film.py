"""Films: a sequence of frames, as GIF or MP4."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from vaeedit.errors import ImageError
from vaeedit.image.atomic import write_whole
from vaeedit.image.encode import HOLDS, fit, write
from vaeedit.image.files import FILMS
from vaeedit.image.frame import Frame
from vaeedit.image.gif import GifWriter

CODEC = "vp09"
"""VP9, which browsers play and OpenCV's own build writes; H.264 it does not."""


@dataclass(frozen=True)
class Film:
    """Frames of one size, and the number of frames per second."""

    frames: Sequence[Frame]
    """The pictures in order, all of one size, mode and depth."""
    rate: float = 12.0
    """Frames per second."""

    def in_color(self) -> "Film":
        """The same with three channels in each frame, as GIF and MP4 have them."""
        frames = [replace(f, pixels=np.repeat(f.pixels, 4 - f.channels, 2)[..., :3]) for f in self.frames]
        return replace(self, frames=frames)


def write_film(film: Film, still: Frame, path: str | os.PathLike[str]) -> list[str]:
    """Write a film or, if the name does not end in .gif or .mp4, the picture `still`; returns warnings.

    Raises ImageError or UsageError.
    """
    format = FILMS.get(Path(path).suffix.lower())
    if format is None:
        return write(still, path)
    data, warnings = film_bytes(film, format)
    write_whole(Path(path), data)
    return [f"{path}: {warning}" for warning in warnings]


def film_bytes(film: Film, format: str) -> tuple[bytes, list[str]]:
    """Encode a film as "GIF" or "MP4"; returns the file's bytes and a warning for each loss; raises ImageError."""
    fitted = [fit(frame, format) for frame in film.frames]
    frames, warnings = [frame for frame, _ in fitted], fitted[0][1]
    try:
        if max(frames[0].pixels.shape) > HOLDS[format].side:
            raise ValueError(f"it is over {HOLDS[format].side:,} pixels wide or high")
        return (_gif if format == "GIF" else _mp4)(frames, film.rate), warnings
    except MemoryError:
        raise ImageError(f"There is not enough memory to encode the film as {format}.") from None
    except (OSError, ValueError, cv2.error) as error:
        raise ImageError(f"The film cannot be encoded as {format}: {error}.") from error


def _gif(frames: Sequence[Frame], rate: float) -> bytes:
    """A GIF of frames, each with its own palette; the format counts time in hundredths of a second."""
    writer, milliseconds = GifWriter(), max(20, round(100 / rate) * 10)  # browsers play shorter frames slowly
    for frame in frames:
        writer.add(frame, milliseconds)
    return writer.data(plays=0)


def _mp4(frames: Sequence[Frame], rate: float) -> bytes:
    """An MP4 of frames; chroma at half resolution needs even sides, so the last row and column are repeated."""
    height, width = (side + side % 2 for side in frames[0].pixels.shape[:2])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "film.mp4")
        writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*CODEC), rate, (width, height))
        try:
            if not writer.isOpened():
                raise ValueError(f"OpenCV has no encoder for {CODEC} here")
            for frame in frames:
                more = (0, height - frame.height), (0, width - frame.width), (0, 0)
                even = np.pad(frame.pixels, more, "edge")
                writer.write(cv2.cvtColor(even, cv2.COLOR_RGB2BGR))
        finally:
            writer.release()
        return Path(path).read_bytes()
