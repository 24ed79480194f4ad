"""The base classes of operations (`Edit`, `Join`, `Inspect`), with their Request and their Result.

The core encodes before `edit` and decodes after it, so padding, normalizing, devices, dtypes, tiling,
clamping, alpha and metadata never appear in a plugin.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from vaeedit.errors import UsageError, caution
from vaeedit.options import Options
from vaeedit.settings import Policy, Quality

if TYPE_CHECKING:  # this module is light; frames and latents are not
    import torch
    from numpy.typing import NDArray
    from PIL import Image

    from vaeedit.image import Film, Frame
    from vaeedit.pipeline.recorded import Recorded
    from vaeedit.vae.edited import Edited
    from vaeedit.vae.files import VaeInfo
    from vaeedit.vae.latents import Latents

O = TypeVar("O", bound=Options)


@dataclass(frozen=True)
class Request(Generic[O]):
    """What the user requests of an operation on one image."""

    options: O
    """The checked options."""
    seed: int = 0
    """Seed of everything random."""
    maps: frozenset[str] = frozenset()
    """Names of the requested side results."""
    extra_inputs: Mapping[str, Sequence[Frame]] = field(default_factory=dict)
    """Extra inputs by name."""


@dataclass(frozen=True, repr=False)
class Result:
    """The edited image, side results by name, small notes for the report (valid JSON), and the film, if there is one.

    `np.asarray(result)`, `result.image` (Pillow) and `result.tensor` are the image as other libraries take it; a `Result`
    may be edited again, and a notebook displays it.
    """

    frame: Frame
    """The edited image."""
    maps: Mapping[str, Frame] = field(default_factory=dict)
    """The requested side results by their names in the spec."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """What the report and the journal say about this image; values are valid JSON."""
    film: Film | None = None
    """The film, if the spec declares one."""
    made: Recorded | None = field(default=None, compare=False)
    """How the session made it; None for an image that is unchanged."""
    warnings: tuple[str, ...] = ()
    """Sentences about what is doubtful though the image was made."""
    pages: tuple[Result, ...] = ()
    """The results of all pictures of a file that holds several; this one is that of the first."""
    times: tuple[float, ...] = ()
    """How many milliseconds each of them is shown, if they are an animation."""
    plays: int = 0
    """How often the animation is shown; 0 means without end."""
    before: Frame | None = field(default=None, compare=False)
    """The picture that `Session.run` edited, made small and 8 bits for display; None if it is unchanged."""

    def __repr__(self) -> str:
        more = {
            "maps": self.maps,
            "notes": self.notes,
            "film": self.film and f"{len(self.film.frames)} frames",
            "pages": self.pages and str(len(self.pages)),
        }
        texts = [
            f"{key}: {value if isinstance(value, str) else ', '.join(value)}"
            for key, value in more.items()
            if value
        ]
        return f"<Result {'; '.join([self.frame.title, *texts])}>"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """The image as `Frame.__array__` gives it."""
        return self.frame.__array__(dtype, copy)

    def _repr_png_(self) -> bytes:
        """The image, for notebooks that display no HTML."""
        return self.frame._repr_png_()

    def _repr_html_(self) -> str:
        """Before and after, maps, warnings and notes, as a notebook displays them."""
        from vaeedit.run.display import html_of

        return html_of(self)

    @property
    def image(self) -> Image.Image:
        """A Pillow image of 8 bits."""
        return self.frame.image

    @property
    def tensor(self) -> torch.Tensor:
        """A torch tensor (C, H, W) of float32 in [0, 1]."""
        return self.frame.tensor

    def described(self, format: str = "PNG", metadata: Policy = "keep", *, provenance: bool = True) -> Frame:
        """The image with the metadata that it keeps and, with `provenance`, a note on how it was made."""
        from vaeedit.image import described

        made = self.made.note_after(self.frame.metadata) if self.made and provenance else None
        return described(self.frame, made, format, metadata)

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        quality: Quality | None = None,
        exists: Literal["error", "overwrite"] = "error",
        metadata: Policy = "keep",
        provenance: bool = True,
    ) -> list[str]:
        """Write the image, or the film if the name ends in .gif or .mp4, or all pages into one file.

        `quality`, 1 to 100 or "lossless", is for formats that can lose something; by default it is that of the input's file.
        What the format cannot hold is a `VaeeditWarning`; these texts are also returned. The file records how the image was
        made, unless `provenance` is false. Raises UsageError for a file that exists, unless it may be overwritten, and for
        an unknown format; ImageError for a picture that cannot be encoded or written.
        """
        from vaeedit.image import FILMS, format_of, write, write_film

        if not (quality in (None, "lossless") or (isinstance(quality, int) and 1 <= quality <= 100)):
            raise UsageError(f"quality must be a whole number from 1 to 100, or 'lossless', not {quality!r}.")
        if exists not in ("error", "overwrite"):
            raise UsageError(f"exists must be 'error' or 'overwrite', not {exists!r}.")
        if exists == "error" and os.path.lexists(path):
            raise UsageError(
                f"{path} exists already; save it with exists='overwrite', or choose another name."
            )
        if self.film is not None and Path(path).suffix.lower() in FILMS:
            lost = write_film(self.film, self.frame, path)
        elif self.pages:
            lost = self._save_pages(path, quality, metadata, provenance)
        else:
            lost = write(self.described(format_of(path), metadata, provenance=provenance), path, quality)
        caution(lost)
        return lost

    def _save_pages(
        self, path: str | os.PathLike[str], quality: Quality | None, metadata: Policy, provenance: bool
    ) -> list[str]:
        """Write the pages; the first one has the note on how the file was made."""
        from vaeedit.image import PageWriter, format_of, write_whole

        format = format_of(path)
        writer = PageWriter(format, len(self.pages), self.plays, quality)
        for index, (page, time) in enumerate(zip(self.pages, self.times, strict=True)):
            writer.add(page.described(format, metadata, provenance=provenance and not index), time)
        data, lost = writer.finish()
        write_whole(Path(path), data)
        return [f"{path}: {text}" for text in lost]


class Operation(ABC, Generic[O]):
    """Base of all operations. Derive from `Edit`, `Join` or `Inspect`, or from `Inspect` and one of the others.

    An operation without a VAE (`uses_vae=False` in its spec) derives from `Operation` itself: `after` gets what `before`
    returned, and makes the result of it.

    An operation neither changes its inputs nor uses files, and returns the same output for the same inputs
    and seed. One object works on one image, so `before` may store values for `after`.
    """

    vae: VaeInfo
    """Header of the VAE that runs, if one does; set when `before` is called."""

    def __init__(self, request: Request[O]) -> None:
        self.request: Request[O] = request
        """What the user requests: the seed, side results, extra inputs."""
        self.options: O = request.options
        """The checked options, an object of the class in the spec."""

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
        """Return changed latents, whose levels are (1, C, h, w).

        Called for each tile, so it must depend on grid positions through `origin` only.
        """


class Join(Operation[O]):
    """Makes one image of all frames of `before`, which have one size."""

    @property
    def wants_decoded(self) -> bool:
        """True if `after` needs the decoded frames of `before`, too, after the joined image; read after `before`."""
        return False

    @abstractmethod
    def join(self, latents: Sequence[Latents]) -> Edited:
        """Return the latents of one image, made of those of all frames; levels are (1, C, h, w). Called for each tile."""
