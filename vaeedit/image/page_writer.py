"""Writes several pictures into one file, one by one, so that no more than one of them is in memory."""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from PIL import Image

from vaeedit.errors import ImageError
from vaeedit.image.apng import ApngWriter
from vaeedit.image.coding import settings, wants_lossless
from vaeedit.image.encode import fit, save_options, write_bytes
from vaeedit.image.frame import Frame, Metadata
from vaeedit.image.gif import GifWriter
from vaeedit.image.tiff_pages import TiffWriter
from vaeedit.settings import Quality

WEBP_FLAGS, WEBP_ALPHA = 20, 0x10
"""The offset of the flags in the first chunk of an animation (VP8X), and the flag for alpha."""


class _Writer(Protocol):
    def add(self, frame: Frame, milliseconds: float) -> list[str]: ...

    def data(self, plays: int) -> bytes: ...


class _Transcoded:
    """Keeps the pictures as an APNG; in the end Pillow reads them from there, one by one, and writes another format."""

    def __init__(self, format: str, quality: Quality | None) -> None:
        self._format, self._quality, self._writer = format, quality, ApngWriter()
        self._times: list[float] = []
        self._metadata = Metadata()

    def add(self, frame: Frame, milliseconds: float) -> list[str]:
        fitted, warnings = fit(frame, self._format)
        if fitted.depth > 8:
            warnings.append(f"An animation in {self._format} has 8 bits here; it was saved with them.")
            fitted = fitted.as_depth(8)
        self._metadata = self._metadata if self._times else fitted.metadata
        if (
            not self._times
            and self._format == "AVIF"
            and wants_lossless("AVIF", fitted.metadata.coding, self._quality)
        ):
            warnings.append("AVIF cannot hold an animation without loss; it was saved with quality 100.")
        self._times.append(milliseconds)
        return warnings + self._writer.add(replace(fitted, metadata=Metadata()), milliseconds)

    def data(self, plays: int) -> bytes:
        times, buffer = [round(time) for time in self._times], io.BytesIO()
        with Image.open(io.BytesIO(self._writer.data(0)), formats=("PNG",)) as image:
            how = settings(self._format, self._metadata.coding, self._quality)
            options = save_options(self._metadata, self._format, {"subsampling": "4:4:4", **how})
            image.save(buffer, self._format, save_all=True, duration=times, loop=plays, **options)
            if self._format == "WEBP" and image.mode == "RGBA":
                # libwebp cuts clear borders off, and then does not declare that the whole has alpha
                buffer.getbuffer()[WEBP_FLAGS] |= WEBP_ALPHA
        return buffer.getvalue()


WRITERS = {"TIFF": TiffWriter, "GIF": GifWriter, "PNG": ApngWriter}
SEVERAL = (*WRITERS, "WEBP", "AVIF")
"""Formats that hold several pictures."""


class PageWriter:
    """Encodes so many `pictures` one by one into a file: as an animation, or as the pages of a TIFF.

    `plays` is how often an animation is shown; 0 means without end. `quality` is that of `write`. The pages of a TIFF keep
    their metadata; an animation has those of its first picture. Raises ImageError for several pictures in a format that
    holds one.
    """

    def __init__(
        self, format: str, pictures: int = 1, plays: int = 0, quality: Quality | None = None
    ) -> None:
        if pictures > 1 and format not in SEVERAL:
            raise ImageError(
                f"{format} holds one picture, not {pictures}; these hold several: {', '.join(SEVERAL)}."
            )
        self.pictures = pictures
        self._format, self._plays, self._quality = format, plays, quality
        self._writer: _Writer = WRITERS[format]() if format in WRITERS else _Transcoded(format, quality)
        self._alone = b""
        self._warnings: dict[str, None] = {}

    def add(self, frame: Frame, milliseconds: float = 0.0) -> None:
        """Encode the next picture; raises ImageError."""
        if self.pictures == 1:
            self._alone, warnings = write_bytes(frame, self._format, self._quality)
        else:
            with self._errors():
                warnings = self._writer.add(frame, milliseconds)
        self._warnings.update(dict.fromkeys(warnings))

    def finish(self) -> tuple[bytes, list[str]]:
        """The bytes of the file, and a warning for each loss; raises ImageError."""
        with self._errors():
            return self._alone or self._writer.data(self._plays), list(self._warnings)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except MemoryError:
            raise ImageError(
                f"There is not enough memory to encode the pictures as {self._format}."
            ) from None
        except (OSError, ValueError, RuntimeError, struct.error) as error:
            raise ImageError(f"The pictures cannot be encoded as {self._format}: {error}.") from error
