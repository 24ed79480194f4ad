"""Which result goes where, checked before any work starts."""

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from vaeedit.batch.sources import Source
from vaeedit.errors import ImageError, UsageError
from vaeedit.image.files import FILMS, FORMATS, parts_in

EXISTS = ("error", "overwrite", "skip", "unique")


@dataclass(frozen=True)
class Job:
    """One input, where its result goes, and the side pictures by name; None stands for stdin or stdout."""

    source: Path | None
    target: Path | None
    relative: Path = Path()
    """Where the input stands below the folder that was given."""
    skipped: bool = False
    """True where the target exists and is to stay."""
    sides: Mapping[str, Path] = field(default_factory=dict)
    careful: bool = False
    """True where an attempt has taken its whole process down."""

    @property
    def name(self) -> str:
        """The input as messages call it."""
        return "standard input" if self.source is None else str(self.source)


def plan(
    sources: Sequence[Source],
    output: str | None,
    operation: str,
    *,
    exists: str = "error",
    in_place: bool = False,
    film: bool = False,
    made: Callable[[Path], bool] = lambda path: False,
) -> list[Job]:
    """The jobs; raises UsageError for a request that cannot be meant, ImageError for a missing folder.

    Nothing is written, no folder made. Without `output` a result is named in.OPERATION.jpg beside its input. An
    `output` is a folder if it is one, ends in a slash, or there is more than one input; folders of the inputs are
    mirrored in it. With `film` a single output may be one. `made` tells outputs that exist but come from a run that is
    resumed: they count as missing.
    """
    if output is not None and in_place:
        raise UsageError("--in-place and -o exclude each other.")
    sources = [source for source in sources if not _is_output(source, output)]
    searched = next((source.folder for source in sources if source.folder), None)
    if searched is not None and output is None and not in_place:
        raise UsageError(f"{searched} is a folder; say with -o which folder receives the results.")
    jobs = _jobs(sources, output, operation, in_place, {**FORMATS, **(FILMS if film else {})})
    _refuse_clashes(jobs, in_place)
    return jobs if in_place else _settle_existing(jobs, exists, lambda path: path.exists() and not made(path))


def _real(path: Path) -> Path:
    """Where a path leads; unlike `Path.resolve` this bears links that lead to themselves."""
    return Path(os.path.realpath(path))


def _is_output(source: Source, output: str | None) -> bool:
    """Whether what was found in a folder is a result of an earlier run: the output folder lies inside the searched one."""
    if output is None or source.folder is None or source.path is None:
        return False
    made, searched = _real(Path(output)), _real(source.folder)
    return made != searched and made.is_relative_to(searched) and _real(source.path).is_relative_to(made)


def _jobs(
    sources: Sequence[Source], output: str | None, operation: str, in_place: bool, endings: Collection[str]
) -> list[Job]:
    streamed = any(source.path is None for source in sources)
    if streamed and (len(sources) > 1 or output is None):
        raise UsageError("Standard input (-) is one picture and needs -o.")
    if output == "-":
        if len(sources) > 1:
            raise UsageError("Standard output (-o -) takes one picture.")
        return [Job(sources[0].path, None, sources[0].relative)]
    if output is None:
        return [_beside(source, operation, in_place) for source in sources]
    folder = Path(output)
    several = len(sources) > 1 or any(source.folder for source in sources)
    if several or output.endswith(("/", "\\")) or folder.is_dir():
        return _into_folder(sources, folder)
    if folder.suffix.lower() not in endings:
        raise UsageError(f"{output} does not end in a picture format ({', '.join(endings)}).")
    if not folder.parent.is_dir():
        raise ImageError(f"{output} cannot be written: there is no folder {folder.parent}.")
    return [Job(sources[0].path, folder, sources[0].relative)]


def _beside(source: Source, operation: str, in_place: bool) -> Job:
    path = source.path
    assert path is not None
    target = path if in_place else path.with_name(f"{path.stem}.{operation}{path.suffix}")
    return Job(path, target, source.relative)


def _into_folder(sources: Sequence[Source], folder: Path) -> list[Job]:
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir():
        raise UsageError(f"{nearest} is a file; several results need a folder.")
    return [Job(source.path, folder / source.relative, source.relative) for source in sources]


def _refuse_clashes(jobs: Sequence[Job], in_place: bool) -> None:
    sources = {_real(job.source) for job in jobs if job.source is not None}
    taken: dict[Path, Job] = {}
    for job in jobs:
        if job.target is None:
            continue
        target = _real(job.target)
        if target in sources and not in_place:
            raise UsageError(f"The output {job.target} is an input; to replace inputs, say --in-place.")
        if target in taken:
            raise UsageError(f"{taken[target].name} and {job.name} would both become {job.target}.")
        taken[target] = job


def _settle_existing(jobs: Sequence[Job], exists: str, is_there: Callable[[Path], bool]) -> list[Job]:
    settled: list[Job] = []
    planned: set[Path | None] = {job.target for job in jobs}
    for job in jobs:
        if job.target is None or exists == "overwrite" or not is_there(job.target):
            settled.append(job)
        elif exists == "error":
            raise UsageError(f"{job.target} exists; say --exists overwrite, skip or unique.")
        elif exists == "skip":
            settled.append(replace(job, skipped=True))
        else:
            settled.append(replace(job, target=_unique(job.target, planned, is_there)))
            planned.add(settled[-1].target)
    return settled


def _unique(path: Path, taken: Set[Path | None], is_there: Callable[[Path], bool]) -> Path:
    names = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(1))
    return next(name for name in names if name not in taken and not is_there(name))


def with_sides(
    jobs: Sequence[Job], pictures: Mapping[str, str], beside: Sequence[str] = (), *, overwrite: bool = False
) -> list[Job]:
    """The jobs with the places of their side pictures; raises UsageError for names that cannot be meant.

    `pictures` maps names to files (of several jobs: to folders); maps in `beside` become OUTPUT.NAME.png next to
    each output.
    """
    taken = {_real(path) for job in jobs for path in (job.source, job.target) if path is not None}
    done = []
    for job in jobs:
        paths = {name: _side_path(name, text, job, len(jobs) > 1) for name, text in pictures.items()}
        paths |= {name: _path_beside(name, job) for name in beside}
        for name, path in paths.items():
            if _real(path) in taken:
                raise UsageError(f"--{name} {path} is already an input or output.")
            if path.exists() and not overwrite and not job.skipped:
                raise UsageError(f"{path} exists; say --exists overwrite.")
            taken.add(_real(path))
        done.append(replace(job, sides=paths))
    return done


def _side_path(name: str, text: str, job: Job, several: bool) -> Path:
    """The file itself, or of several inputs one file each in the folder `text`."""
    path = Path(text)
    if several or path.is_dir() or text.endswith(("/", "\\")):
        return path / job.relative.with_name(f"{job.relative.stem}.{name}.png")
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"--{name} {path} does not end in a picture format ({', '.join(FORMATS)}).")
    return path


def _path_beside(name: str, job: Job) -> Path:
    if job.target is None:
        raise UsageError(f"The map {name} of the pipeline needs an output file, not standard output.")
    return job.target.with_name(f"{job.target.stem}.{name}.png")


def remove_leftovers(jobs: Iterable[Job]) -> None:
    """Remove the parts of these jobs' outputs that a killed process has left."""
    by_folder: dict[Path, list[str]] = {}
    for job in jobs:
        if job.target is not None:
            by_folder.setdefault(job.target.parent, []).append(job.target.name)
    for folder, names in by_folder.items():
        for path in parts_in(folder, names):
            path.unlink(missing_ok=True)
