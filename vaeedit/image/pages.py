"""Files that hold several pictures: the pages of a TIFF, or an animation. They are decoded one by one."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from vaeedit.image.animation import is_animation, pictures
from vaeedit.image.decode import decoding, read_bytes
from vaeedit.image.files import RAW
from vaeedit.image.frame import Frame
from vaeedit.image.gate import Gate
from vaeedit.image.tiff import MAGIC
from vaeedit.image.tiff_pages import alone, contents
from vaeedit.limits import PICTURE, read_regular
from vaeedit.settings import Damaged

PAGE = 1000.0
"""Milliseconds that a page is shown where an animation is made of pages."""


@dataclass(frozen=True)
class Pages:
    """The pictures of a file. All have been decoded once, so none is damaged; every iteration decodes them anew.

    A file of one picture holds it as `first`. The pictures of an animation have one size and mode.
    """

    data: bytes
    name: str
    damaged: Damaged
    first: Frame
    kind: str = ""
    """The format, where there are several pictures."""
    milliseconds: tuple[float, ...] = (PAGE,)
    """How long each picture is shown."""
    plays: int = 0
    """How often an animation is shown; 0 means without end."""
    directories: tuple[int, ...] = ()
    """Of a TIFF, the offsets of its directories."""
    one_size: bool = True
    damage: str = ""
    """As that of a `Frame`, for the whole file; so are `warnings`."""
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.milliseconds)

    def __iter__(self) -> Iterator[Frame]:
        if len(self) == 1:
            yield self.first
        elif self.directories:
            yield from _tiff(self.data, self.name, self.damaged, self.directories)
        else:
            for shown in pictures(self.data, Gate(self.name, len(self.data), self.damaged)):
                yield _in_mode_of(self.first, shown.frame)


def read_pages(path: str | os.PathLike[str], *, damaged: Damaged = "error") -> Pages:
    """Read a file of one or of several pictures, which are decoded one by one; raises ImageError.

    `for page in read_pages("scan.tif")` yields a `Frame` each.
    """
    return opened(read_regular(path, PICTURE), str(path), damaged=damaged)


def opened(data: bytes, name: str, *, damaged: Damaged = "error") -> Pages:
    """Decode the bytes of a file as `read_bytes` does, also one that holds several pictures; raises ImageError.

    Every picture is decoded once, so that a damaged one is found before any is edited; the error names it.
    """
    if data[:4] in MAGIC and Path(name).suffix.lower()[1:] not in RAW.split():  # raw files are TIFF inside
        return _opened_tiff(data, name, damaged)
    return (
        _opened_animation(data, name, damaged) if is_animation(data) else single(data, name, damaged=damaged)
    )


def single(data: bytes, name: str, *, damaged: Damaged = "error") -> Pages:
    """The same for a file of one picture; raises ImageError for one that holds several, too."""
    frame = read_bytes(data, name, damaged=damaged)
    return Pages(data, name, damaged, frame, damage=frame.damage, warnings=frame.warnings)


def _opened_tiff(data: bytes, name: str, damaged: Damaged) -> Pages:
    with decoding(data, name, damaged):
        found = contents(data, name)
    warnings = (
        [f"{found.others} smaller versions or masks of its pictures are left out."] if found.others else []
    )
    if len(found.pages) < 2:
        alike = single(alone(data, found.pages[0]) if found.others else data, name, damaged=damaged)
        return replace(alike, data=data, warnings=(*warnings, *alike.warnings))
    sizes, faults, first = set(), [], None
    for frame in _tiff(data, name, damaged, found.pages):
        first = first or frame
        sizes.add((frame.height, frame.width))
        faults += [frame.damage] if frame.damage else []
        warnings += frame.warnings
    assert first is not None
    return Pages(
        data,
        name,
        damaged,
        first,
        "TIFF",
        (PAGE,) * len(found.pages),
        directories=found.pages,
        one_size=len(sizes) == 1,
        damage="; ".join(faults),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _tiff(data: bytes, name: str, damaged: Damaged, directories: tuple[int, ...]) -> Iterator[Frame]:
    for number, directory in enumerate(directories, 1):
        with decoding(data, name, damaged):
            page = alone(data, directory)
        yield read_bytes(page, f"{name}, page {number} of {len(directories)},", damaged=damaged)


def _opened_animation(data: bytes, name: str, damaged: Damaged) -> Pages:
    gate, first, times = Gate(name, len(data), damaged), None, []
    for shown in pictures(data, gate):
        first = _in_mode_of(shown.frame, first or shown.frame)
        times.append(shown.milliseconds)
    if first is None or len(times) < 2:
        return single(data, name, damaged=damaged)
    last, damage, warnings = shown, "; ".join(gate.faults), tuple(gate.warnings)
    time = tuple(times)
    return Pages(data, name, damaged, first, last.kind, time, last.plays, damage=damage, warnings=warnings)


def _in_mode_of(other: Frame, frame: Frame) -> Frame:
    """The frame with color or alpha if the other one has them."""
    if frame.channels < other.channels:
        frame = replace(frame, pixels=np.repeat(frame.pixels, 3, axis=2))
    if frame.alpha is None and other.alpha is not None:
        frame = replace(frame, alpha=np.full(frame.pixels.shape[:2], 255, np.uint8))
    return frame
