"""What a plugin's class does, which its base class says (`Edit`, `Join`, `Inspect`), and the Result it gives.

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
    """What the user asked of one operation on one image."""

    options: O
    seed: int = 0
    maps: frozenset[str] = frozenset()
    """Names of the side results that are wanted."""
    extra_inputs: Mapping[str, Sequence[Frame]] = field(default_factory=dict)
    """Extra inputs by name."""


@dataclass(frozen=True)
class Result:
    """The edited image, side results by name, notes (small, JSON-able) for the report, and the film, where there is one."""

    frame: Frame
    maps: Mapping[str, Frame] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    film: Film | None = None

    def save(self, path: str | os.PathLike[str]) -> list[str]:
        """Write the image, or where the name ends in .gif or .mp4 the film; returns warnings about what was lost."""
        from vaeedit.image import write, write_film

        return write(self.frame, path) if self.film is None else write_film(self.film, self.frame, path)


class Operation(ABC, Generic[O]):
    """What all operations share. Derive from `Edit` or from `Join`, from `Inspect`, or from `Inspect` and one of these.

    An operation neither changes its inputs nor touches files, and gives the same output for the same inputs
    and seed. One object serves one image: it may keep what `before` found for `after`.
    """

    vae: VaeInfo
    """Header of the VAE that runs, from `before` on."""

    def __init__(self, request: Request[O]) -> None:
        self.request = request
        self.options = request.options

    @property
    def is_identity(self) -> bool:
        """True where the options ask for no change at all; then the image is passed on untouched."""
        return False

    @property
    def wants_std(self) -> bool:
        """True where `after` needs the standard deviation of each decoded value (`Frame.std`)."""
        return False

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """Prepare the images: add conditions for the VAE, resize, ...; by default they stay as they are."""
        return frames

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """Make the result from the decoded images; by default the first one, without side results."""
        return Result(frames[0])


class Inspect(Operation[O]):
    """Sees the latents of whole images before any edit. Alone, it decodes nothing: `after` gets the frames of `before`."""

    def references(self) -> Sequence[Frame]:
        """Frames that `gather` sees beside those of `before`; they are not edited."""
        return ()

    @abstractmethod
    def gather(self, index: int, latents: Latents) -> None:
        """Keep what is needed of the latents of one tile (statistics, say).

        `index` counts the frames of `before`, then the references. Tiles come without their halos, each position once.
        """


class Edit(Operation[O]):
    """Edits the latents of each frame of `before` alone."""

    @abstractmethod
    def edit(self, latents: Latents) -> Edited:
        """Move the latents; called for each tile, so it must depend on grid positions through `origin` only."""


class Join(Operation[O]):
    """Makes one image of all frames of `before`, which are of one size."""

    @property
    def wants_decoded(self) -> bool:
        """True where `after` needs, behind the joined image, what each frame of `before` decodes to; asked after `before`."""
        return False

    @abstractmethod
    def join(self, latents: Sequence[Latents]) -> Edited:
        """Make one image's latents of those of all frames, for each tile."""
