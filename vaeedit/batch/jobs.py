"""Decides where each result goes, and checks it before any work starts."""

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from vaeedit.batch.clashes import INPUT, OUTPUT, Uses, real
from vaeedit.batch.journal import key_of
from vaeedit.batch.sources import STREAM, Source
from vaeedit.errors import ImageError, UsageError
from vaeedit.image.atomic import landing, parts_in, this_process
from vaeedit.image.files import FILMS, FORMATS, written_name

EXISTS = ("error", "overwrite", "skip", "unique")

WrittenBefore = Callable[["Job", Path], bool]
"""Whether the run that is resumed has written a file for a job."""


@dataclass(frozen=True)
class Job:
    """One input, where its result goes, and the side pictures (maps and comparisons) by name.

    The source None means standard input; the target None means standard output or, with `inspect_only`, no result.
    """

    source: Path | None
    target: Path | None
    relative: Path = Path()
    """The input's path relative to the folder that was searched."""
    inspect_only: bool = False
    """Whether only the notes and the side pictures are wanted."""
    skipped: bool = False
    """Whether the target exists and must stay."""
    fault: str = ""
    """Why it cannot be done, if planning found that."""
    sides: Mapping[str, Path] = field(default_factory=dict)
    careful: bool = False
    """Whether an earlier attempt has killed its worker process."""
    in_place: bool = False
    """Whether the result replaces the input."""
    run: str = field(default_factory=this_process)
    """The process of its run; the names of temporary files contain it."""

    @property
    def name(self) -> str:
        """The input's name in messages."""
        return "standard input" if self.source is None else str(self.source)

    @property
    def output(self) -> str:
        """Where the result goes, as in the record."""
        if self.target is None:
            return "" if self.inspect_only or self.fault else STREAM
        return str(self.target)

    @property
    def key(self) -> str:
        """The same as `Record.key` of its record."""
        return key_of(self.name, self.output)


def placed(
    sources: Sequence[Source],
    output: str | None,
    operation: str,
    *,
    in_place: bool = False,
    film: bool = False,
    several: bool = False,
) -> list[Job]:
    """Return the jobs; raises UsageError for a request that makes no sense, ImageError for a missing folder.

    Nothing is written, and no folder is made. Without `output`, results are named IN.OPERATION.jpg beside their inputs.
    `output` is a folder if it exists as a folder, if it ends in a slash, or if there is more than one input; folders of
    the inputs are mirrored in it. With `film`, the output may be a film. With `several`, other inputs may follow.
    """
    if output is not None and in_place:
        raise UsageError("--in-place and -o exclude each other.")
    sources = [source for source in sources if not _is_output(source, output)]
    searched = next((source.folder for source in sources if source.folder), None)
    if searched is not None and output is None and not in_place:
        raise UsageError(f"{searched} is a folder; name the folder for the results with -o.")
    endings = {**FORMATS, **(FILMS if film else {})}
    several |= len(sources) > 1 or any(source.folder for source in sources)
    jobs = _jobs(sources, output, operation, in_place, endings, several)
    refuse_clashes(jobs)
    return jobs


def inspections(sources: Sequence[Source], folder: str | None) -> list[Job]:
    """Return jobs without results, one for each picture; side pictures of earlier runs in `folder` get none."""
    by_path = {source.path: source for source in sources if not _is_output(source, folder)}
    return [Job(source.path, None, source.relative, inspect_only=True) for source in by_path.values()]


def settled(
    jobs: Sequence[Job], exists: str = "error", *, made: WrittenBefore = lambda job, path: False
) -> list[Job]:
    """Apply --exists to outputs that exist; with "error", raises UsageError.

    Outputs that the resumed run has `made` count as missing, and so do inputs that are replaced in place.
    """

    def stays(job: Job, path: Path) -> bool:
        return not job.in_place and _stays(job, path, made)

    done: list[Job] = []
    planned: set[Path | None] = {job.target for job in jobs}
    for job in jobs:
        if job.target is None or exists == "overwrite" or not stays(job, job.target):
            done.append(job)
        elif exists == "error":
            raise UsageError(f"{job.target} exists; use --exists overwrite, skip or unique.")
        elif exists == "skip":
            done.append(replace(job, skipped=True))
        else:
            done.append(replace(job, target=_unique(job, job.target, planned, stays)))
            planned.add(done[-1].target)
    return done


def _stays(job: Job, path: Path, made: WrittenBefore) -> bool:
    """Whether a file or a broken link exists that the job may not replace."""
    return os.path.lexists(path) and not made(job, path)


def _is_output(source: Source, output: str | None) -> bool:
    """Whether a picture that was found lies in the output folder, inside the folder that was searched."""
    if output is None or source.folder is None or source.path is None:
        return False
    results, searched = real(Path(output)), real(source.folder)
    is_inside = results != searched and results.is_relative_to(searched)
    return is_inside and real(source.path).is_relative_to(results)


def _jobs(
    sources: Sequence[Source],
    output: str | None,
    operation: str,
    in_place: bool,
    endings: Collection[str],
    several: bool,
) -> list[Job]:
    streamed = any(source.path is None for source in sources)
    if streamed and (len(sources) > 1 or output is None):
        raise UsageError("Standard input (-) is one picture; name its output with -o.")
    if output == "-":
        if len(sources) > 1:
            raise UsageError("Standard output (-o -) takes one picture.")
        return [Job(sources[0].path, None, sources[0].relative)]
    if output is None:
        return [_beside(source, operation, in_place) for source in sources]
    folder = Path(output)
    is_folder = output.endswith(("/", "\\")) or folder.is_dir()
    if several and not is_folder and not folder.exists() and folder.suffix.lower() in endings:
        raise UsageError(
            f"{output} is the name of one picture, and there may be several results; name a folder: {output}/"
        )
    if several or is_folder:
        return _into_folder(sources, folder)
    if folder.suffix.lower() not in endings:
        raise UsageError(f"{output} does not end in a picture format ({', '.join(endings)}).")
    if not folder.parent.is_dir():
        raise ImageError(f"{output} cannot be written: there is no folder {folder.parent}.")
    return [Job(sources[0].path, folder, sources[0].relative)]


def _beside(source: Source, operation: str, in_place: bool) -> Job:
    path = source.path
    assert path is not None
    target = path if in_place else written_name(path.with_name(f"{path.stem}.{operation}{path.suffix}"))
    return Job(path, target, source.relative, in_place=in_place)


def _into_folder(sources: Sequence[Source], folder: Path) -> list[Job]:
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir():
        raise UsageError(f"{nearest} is a file; several results need a folder.")
    return [Job(source.path, folder / written_name(source.relative), source.relative) for source in sources]


def refuse_clashes(
    jobs: Iterable[Job], read: Iterable[tuple[str, Path]] = (), written: Iterable[tuple[str, Path]] = ()
) -> None:
    """Raise UsageError if an output of any kind is an input or another output.

    `read` and `written` are other files of the run, each with its name in messages. With --in-place a job may replace its
    input.
    """
    jobs, uses = list(jobs), Uses()
    for what, path in read:
        uses.read(path, what)
    for job in jobs:
        if job.source is not None:
            uses.read(job.source, INPUT)
    for job in jobs:
        if job.target is not None:
            uses.write(job.target, f"{OUTPUT} of {job.name}", in_place=job.in_place)
        for name, path in job.sides.items():
            uses.write(path, f"the {name} picture of {job.name}")
    for what, path in written:
        uses.write(path, what)


def _unique(job: Job, path: Path, taken: Set[Path | None], stays: WrittenBefore) -> Path:
    names = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(1))
    return next(name for name in names if name not in taken and not stays(job, name))


def with_sides(
    jobs: Sequence[Job],
    pictures: Mapping[str, str],
    beside: Sequence[str] = (),
    *,
    several: bool = False,
    overwrite: bool = False,
    made: WrittenBefore = lambda job, path: False,
) -> list[Job]:
    """Return the jobs with the paths of their side pictures; raises UsageError for names that make no sense.

    `pictures` maps names to files or, with several jobs or if others may follow, to folders. Maps in `beside` are written
    to OUTPUT.NAME.png next to each output.
    """
    done = []
    for job in jobs:
        paths = {
            name: _side_path(name, text, job, several or len(jobs) > 1) for name, text in pictures.items()
        }
        paths |= {name: _path_beside(name, job) for name in beside}
        done.append(replace(job, sides=paths))
    refuse_clashes(done)
    for job in done:
        for path in job.sides.values():
            if not overwrite and not job.skipped and _stays(job, path, made):
                raise UsageError(f"{path} exists; use --exists overwrite.")
    return done


def _side_path(name: str, text: str, job: Job, several: bool) -> Path:
    """Return the path `text` itself or, with several inputs, a path in the folder `text`."""
    path = Path(text)
    if several or path.is_dir() or text.endswith(("/", "\\")):
        return path / job.relative.with_name(f"{job.relative.stem}.{name}.png")
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"--{name} {path} does not end in a picture format ({', '.join(FORMATS)}).")
    return path


def _path_beside(name: str, job: Job) -> Path:
    if job.target is None:
        raise UsageError(f"The map {name} of the pipeline needs an output file, not standard output.")
    harmless = re.sub(r"[^\w.-]", "_", name)  # a step may have any name
    return job.target.with_name(f"{job.target.stem}.{harmless}.png")


def remove_leftovers(jobs: Iterable[Job], ended: Collection[str] = ()) -> None:
    """Remove the temporary files of these jobs that belong to their own run, to `ended` processes, or to dead processes."""
    owners, by_folder = set(ended), dict[Path, set[str]]()
    for job in jobs:
        owners.add(job.run)
        for path in (job.target, *job.sides.values()):
            if path is not None:
                place = landing(path)
                by_folder.setdefault(place.parent, set()).add(place.name)
    for folder, names in by_folder.items():
        for path in parts_in(folder, names, owners):
            path.unlink(missing_ok=True)
