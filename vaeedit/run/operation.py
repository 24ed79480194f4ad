"""The base classes of operations (`Edit`, `Join`, `Inspect`), with their Request and their Result.

The core encodes before `edit` and decodes after it, so padding, normalizing, devices, dtypes, tiling,
clamping, alpha and metadata never appear in a plugin.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from vaeedit.options import Options

if TYPE_CHECKING:  # this module is light; frames and latents are not
    from vaeedit.image import Film, Frame
    from vaeedit.vae.edited import Edited
    from vaeedit.vae.files import VaeInfo
    from vaeedit.vae.latents import Latents

O = TypeVar("O", bound=Options)


@dataclass(frozen=True)
class Request(Generic[O]):
    """What the user requests of an operation on one image."""

    options: O
    seed: int = 0
    maps: frozenset[str] = frozenset()
    """Names of the requested side results."""
    extra_inputs: Mapping[str, Sequence[Frame]] = field(default_factory=dict)
    """Extra inputs by name."""


@dataclass(frozen=True)
class Result:
    """The edited image, side results by name, small notes for the report (valid JSON), and the film, if there is one."""

    frame: Frame
    maps: Mapping[str, Frame] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    film: Film | None = None

    def _repr_png_(self) -> bytes:
        """The image as a notebook displays it."""
        from vaeedit.image import write_bytes

        return write_bytes(self.frame, "PNG")[0]

    def save(self, path: str | os.PathLike[str]) -> list[str]:
        """Write the image, or the film if the name ends in .gif or .mp4; returns warnings about what was lost."""
        from vaeedit.image import write, write_film

        return write(self.frame, path) if self.film is None else write_film(self.film, self.frame, path)


class Operation(ABC, Generic[O]):
    """Base of all operations. Derive from `Edit`, `Join` or `Inspect`, or from `Inspect` and one of the others.

    An operation neither changes its inputs nor uses files, and returns the same output for the same inputs
    and seed. One object works on one image, so `before` may store values for `after`.
    """

    vae: VaeInfo
    """Header of the VAE that runs; set when `before` is called."""

    def __init__(self, request: Request[O]) -> None:
        self.request = request
        self.options = request.options

    @property
    def is_identity(self) -> bool:
        """True if the options ask for no change at all; then the image is returned as it is."""
        return False

    @property
    def wants_std(self) -> bool:
        """True if `after` needs the standard deviation of each decoded value (`Frame.std`)."""
        return False

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """Prepare the images: add conditions for the VAE, resize, ...; by default nothing changes."""
        return frames

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """Make the result from the decoded images; by default the first one, without side results."""
        return Result(frames[0])


class Inspect(Operation[O]):
    """Inspects the latents of whole images before any edit.

    An operation that only inspects decodes nothing: `after` gets the frames of `before`.
    """

    def references(self) -> Sequence[Frame]:
        """Frames whose latents `gather` gets after those of the frames of `before`; they are not edited."""
        return ()

    @abstractmethod
    def gather(self, index: int, latents: Latents) -> None:
        """Store what is needed of the latents of one tile, for example statistics.

        `index` counts the frames of `before`, then the references. Tiles come without their halos: each grid position once.
        """


class Edit(Operation[O]):
    """Edits the latents of each frame of `before` separately."""

    @abstractmethod
    def edit(self, latents: Latents) -> Edited:
        """Return changed latents. Called for each tile, so it must depend on grid positions through `origin` only."""


class Join(Operation[O]):
    """Makes one image of all frames of `before`, which have one size."""

    @property
    def wants_decoded(self) -> bool:
        """True if `after` needs the decoded frames of `before`, too, after the joined image; read after `before`."""
        return False

    @abstractmethod
    def join(self, latents: Sequence[Latents]) -> Edited:
        """Return the latents of one image, made of those of all frames; called for each tile."""
