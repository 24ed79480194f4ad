"""Operation: what a plugin's class does, and the Result it gives.

The core encodes before `edit` and decodes after it, so padding, normalising, devices, dtypes, tiling,
clamping, alpha and metadata never appear in a plugin.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from vaeedit.options import Options

if TYPE_CHECKING:  # this module is light; frames and latents are not
    from vaeedit.image import Film, Frame
    from vaeedit.vae.files import VaeInfo
    from vaeedit.vae.latents import Edited, Latents

O = TypeVar("O", bound=Options)


@dataclass(frozen=True)
class Request(Generic[O]):
    """What the user asked of one operation on one image."""

    options: O
    seed: int = 0
    maps: frozenset[str] = frozenset()
    """Names of the side results that are wanted."""
    images: Mapping[str, Sequence[Frame]] = field(default_factory=dict)
    """Further pictures by name."""


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


class Operation(Generic[O]):
    """Base class of operations; only `edit`, or `join`, must be overridden.

    One that overrides neither, but `gather`, only looks at latents: nothing is decoded, `after` gets the frames of `before`.

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
    def wants_scale(self) -> bool:
        """True where `after` needs the standard deviation of each decoded value (`Frame.scale`)."""
        return False

    @property
    def wants_decoded(self) -> bool:
        """True where `after` needs, behind the joined image, what each frame of `before` decodes to; asked after `before`."""
        return False

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """Prepare the images: add conditions for the VAE, resize, ...; by default they stay as they are."""
        return frames

    def references(self) -> Sequence[Frame]:
        """Frames that `gather` sees beside those of `before`; they are not edited."""
        return ()

    def gather(self, index: int, latents: Latents) -> None:
        """See the latents of every tile before any edit, to keep what `edit` needs of whole images (statistics, say).

        `index` counts the frames of `before`, then the references. Tiles come without their halos, each position once.
        """

    def edit(self, latents: Latents) -> Edited:
        """Move the latents; called for each tile, so it must depend on grid positions through `origin` only."""
        raise NotImplementedError(f"{type(self).__name__} must define edit")

    def join(self, latents: Sequence[Latents]) -> Edited:
        """Make one image's latents of those of all frames of `before`; an operation that has this is not asked to `edit`."""
        raise NotImplementedError(f"{type(self).__name__} does not define join")

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """Make the result from the decoded images; by default the first one, without side results."""
        return Result(frames[0])
