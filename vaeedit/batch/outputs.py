"""What a job writes, encoded picture by picture: its output, and its side pictures."""

from dataclasses import dataclass, field

from vaeedit.batch.batch_spec import BatchSpec
from vaeedit.batch.jobs import Job
from vaeedit.image import (
    FILMS,
    FORMATS,
    SEVERAL,
    Frame,
    Pages,
    PageWriter,
    compare,
    described,
    film_bytes,
    format_of,
    without_note,
)
from vaeedit.run.operation import Result


@dataclass(frozen=True)
class Encoded:
    """The bytes of an output, those of the side pictures by name, and warnings about what was lost."""

    data: bytes
    sides: dict[str, bytes]
    warnings: list[str]


@dataclass
class Outputs:
    """Encodes what is made of each picture of an input, one by one. Raises ImageError for a format that cannot hold it.

    An input that does not change keeps its bytes. The first picture gets the note on how the file was made.
    """

    spec: BatchSpec
    job: Job
    pages: Pages
    added: int = 0
    """The number of pictures so far."""
    _sides: dict[str, PageWriter] = field(default_factory=dict)
    _film: tuple[bytes, list[str]] | None = None
    _warned: dict[str, None] = field(default_factory=dict)
    """The warnings of the operations."""
    _changed: bool = False
    """Whether the output is not the input, byte by byte."""

    def __post_init__(self) -> None:
        source, target = self.job.source, self.job.target
        kind = FORMATS.get(source.suffix.lower()) if source else self.pages.kind
        self._as_film = FILMS.get(target.suffix.lower()) if target and self.spec.plan.film else None
        streamed = self.job.format or self.pages.kind or "PNG"
        self._format = self._as_film or (format_of(target) if target else streamed)
        asked = self.spec.metadata != "keep" or self.spec.quality is not None
        self._changed = kind != self._format or asked or bool(self.pages.damage)
        self._main = PageWriter(self._format, len(self.pages), self.pages.plays, self.spec.quality)

    def add(self, frame: Frame, result: Result) -> None:
        """Encode the result of the next picture of the input, which was `frame`."""
        for name in self.job.sides:
            if name == "compare" or name in result.maps:  # else it is the map of a step that was skipped
                self._add_side(name, compare(frame, result.frame) if name == "compare" else result.maps[name])
        if self._as_film and result.film:
            self._film = film_bytes(result.film, self._as_film)
        elif not self.job.inspect_only:
            self._add_main(frame, result.frame)
        self._warned |= dict.fromkeys(result.warnings)
        self.added += 1

    def _add_main(self, frame: Frame, result: Frame) -> None:
        edited = result if self.spec.provenance else without_note(result)
        self._changed |= edited is not frame
        several, made = len(self.pages) > 1, None
        if not self._changed and not several:
            return
        if self.spec.provenance and not self.added and (several or result is not frame):
            made = self.spec.note_after(frame.metadata)
        self._main.add(
            described(edited, made, self._format, self.spec.metadata), self.pages.milliseconds[self.added]
        )

    def _add_side(self, name: str, picture: Frame) -> None:
        """The side pictures of several pictures are several; if these differ in size, only a TIFF can hold them."""
        if name not in self._sides:
            format = format_of(self.job.sides[name])
            several = format == "TIFF" or (format in SEVERAL and self.pages.one_size)
            self._sides[name] = PageWriter(format, len(self.pages) if several else 1, self.pages.plays)
        elif self._sides[name].pictures == 1:
            return
        self._sides[name].add(picture, self.pages.milliseconds[self.added])

    def finish(self) -> Encoded:
        """What is to be written."""
        job, pages = self.job, self.pages
        warnings = [f"{job.name} is damaged: {pages.damage}."] if pages.damage else []
        data, lost = self._output()
        if not job.inspect_only and data is not pages.data:
            warnings += [f"{job.name}: {text}" for text in pages.warnings]
        warnings += [f"{job.name}: {text}" for text in self._warned]
        warnings += [f"{job.output}: {text}" for text in lost]
        sides = {}
        for name, writer in self._sides.items():
            sides[name], lost = writer.finish()
            if writer.pictures < len(pages):
                lost.append(
                    f"it shows the first of {len(pages)} pictures; a name that ends in .tif makes it hold all."
                )
            warnings += [f"{job.sides[name]}: {text}" for text in lost]
        return Encoded(data, sides, warnings)

    def _output(self) -> tuple[bytes, list[str]]:
        if self.job.inspect_only:
            return b"", []
        if self._film is not None:
            return self._film
        return self._main.finish() if self._changed else (self.pages.data, [])
