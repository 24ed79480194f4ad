"""Checks of a picture file before its pixels are decoded: its format, its size, and whether it is complete."""

from dataclasses import dataclass, field

from vaeedit.errors import ImageError
from vaeedit.limits import EXPANSION, PIXELS
from vaeedit.settings import Damaged

ALWAYS = 224 << 20
"""Bytes of samples that a file of any length may hold."""


@dataclass(frozen=True)
class Gate:
    """Checks one file of `length` bytes; raises ImageError."""

    name: str
    length: int
    damaged: Damaged = "error"
    faults: list[str] = field(default_factory=list)
    """Faults of the file, if damaged files are accepted."""
    warnings: list[str] = field(default_factory=list)
    """What of the file is left out or changed, as `Frame.warnings`."""

    def admit(self, format: str, width: int, height: int, pictures: int, sample_bytes: int) -> None:
        """Refuse several pictures, or more samples than a file of this length may hold.

        `sample_bytes` is the number of bytes of one pixel. The decoders and the frame need at most four times the samples.
        """
        if min(width, height) < 1:  # the product would pass every limit below
            raise ImageError(f"{self.name} has {width} x {height} pixels: it holds no picture.")
        if width * height > PIXELS.value:
            raise ImageError(
                f"{self.name} has {width} x {height} pixels, over the limit of {PIXELS.value:,}; "
                f"if it is not a decompression bomb, raise {PIXELS.variable}."
            )
        if width * height * sample_bytes > max(ALWAYS, EXPANSION.value * self.length):
            raise ImageError(
                f"{self.name} has {self.length:,} bytes and {width} x {height} pixels, more than {EXPANSION.value} bytes of "
                f"samples for each; if it is not a decompression bomb, raise {EXPANSION.variable}."
            )
        if pictures > 1 and format != "MPO":
            raise ImageError(f"{self.name} holds {pictures} pictures; split it first, one picture a file.")

    def report(self, fault: str | None) -> None:
        """Raise ImageError for a fault, or note it if damaged files are accepted."""
        if fault is None:
            return
        if self.damaged == "error":
            raise ImageError(f"{self.name} is damaged: {fault}; --damaged warn edits what can be read of it.")
        self.faults.append(fault)
