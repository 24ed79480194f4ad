"""Decides where each result goes, and checks it before any work starts."""

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from itertools import count
from pathlib import Path

from vaeedit.batch.clashes import INPUT, OUTPUT, Uses, real
from vaeedit.batch.job import Job as Job
from vaeedit.batch.naming import Naming
from vaeedit.batch.sources import Source
from vaeedit.batch.template import fixed_folder, is_template, literal
from vaeedit.errors import UsageError
from vaeedit.image.atomic import landing, parts_in
from vaeedit.image.files import FILMS, FORMATS

EXISTS = ("error", "overwrite", "skip", "unique")

WrittenBefore = Callable[[Job, Path], bool]
"""Whether the run that is resumed has written a file for a job."""


def placed(
    sources: Sequence[Source],
    output: str | None,
    operation: str,
    *,
    in_place: bool = False,
    film: bool = False,
    several: bool = False,
    ending: str | None = None,
) -> list[Job]:
    """Return the jobs; raises UsageError for a request that makes no sense, ImageError for a missing folder.

    Nothing is written, and no folder is made. Without `output`, results are named IN.OPERATION.jpg beside their inputs.
    `output` is a template if it has fields, and a folder if it exists as a folder, if it ends in a slash, or if there is
    more than one input; folders of the inputs are mirrored in it. With `film`, the output may be a film. With `several`,
    other inputs may follow. `ending` is the extension of all results, by default that of each input.
    """
    if in_place and (output is not None or ending is not None):
        raise UsageError(f"--in-place and {'-o' if ending is None else '--format'} exclude each other.")
    sources = [source for source in sources if not _is_output(source, output)]
    searched = next((source.folder for source in sources if source.folder), None)
    if searched is not None and output is None and not in_place:
        raise UsageError(f"{searched} is a folder; name the folder for the results with -o.")
    endings = {**FORMATS, **(FILMS if film else {})}
    several |= len(sources) > 1 or any(source.folder for source in sources)
    jobs = Naming(operation, endings, ending, in_place).jobs(sources, output, several=several)
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
    folder = fixed_folder(output) if is_template(output) else literal(output)
    if folder is None:
        return False
    results, searched = real(Path(folder)), real(source.folder)
    is_inside = results != searched and results.is_relative_to(searched)
    return is_inside and real(source.path).is_relative_to(results)


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
