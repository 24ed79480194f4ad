"""What the viewer asks for, and the reply."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from vaeedit.errors import UsageError

Share = Annotated[float, Meta(ge=0, le=1)]
Side = Annotated[int, Meta(ge=1, le=8192)]
BEFORE, AFTER = "before", "after"
"""Layers that are no maps: the picture, and what the steps make of it."""


class View(msgspec.Struct, frozen=True):
    """A region of a picture as shares of its sides, the pixels of the screen that it fills, and what is shown there."""

    region: tuple[Share, Share, Share, Share]
    width: Side
    height: Side
    layers: Annotated[tuple[Annotated[str, Meta(max_length=200)], ...], Meta(max_length=20)] = (BEFORE, AFTER)
    finer: Annotated[int, Meta(ge=0, le=9)] = 0
    """How often this view was answered coarsely before."""

    @classmethod
    def of(cls, asked: Mapping[str, Any]) -> "View":
        """The view that a browser asks for; raises UsageError for one that is none."""
        try:
            found = msgspec.convert(dict(asked), cls)
        except (msgspec.ValidationError, TypeError, ValueError):
            raise UsageError(
                "The page asked for a part of the picture that there is not; reload it."
            ) from None
        left, top, right, bottom = found.region
        if not (left < right and top < bottom):
            raise UsageError("The page asked for an empty part of the picture; reload it.")
        return found


@dataclass(frozen=True)
class Rendered:
    """PNG files of the layers of a view, and what is said of them."""

    region: tuple[float, float, float, float]
    """What the pixels show."""
    layers: Mapping[str, bytes] = field(default_factory=dict)
    """PNG files by layer; a file may have fewer pixels than were asked for, and is then enlarged over the region."""
    exact: bool = False
    """Whether they are of the whole result."""
    scale: float = 1.0
    """Below 1 if they are coarser than the screen, and asking again gives finer ones."""
    note: str = ""
    error: str = ""
    """Why a layer is missing: a sentence."""
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """The values of black and of white in maps that are gray."""
    size: tuple[int, int] | None = None
    """Width and height of the whole result, if they are known."""

    def reply(self) -> dict[str, Any]:
        """The same as JSON can hold it, for the viewer; PNG files as data URLs."""
        layers = {
            name: f"data:image/png;base64,{base64.b64encode(data).decode()}"
            for name, data in self.layers.items()
        }
        return {
            "region": list(self.region),
            "layers": layers,
            "exact": self.exact,
            "scale": self.scale,
            "note": self.note,
            "error": self.error,
            "ranges": {name: list(ends) for name, ends in self.ranges.items()},
            "size": self.size and list(self.size),
        }
