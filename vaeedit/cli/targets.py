"""From what the user typed to jobs: which file goes where, checked before any work starts."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

from vaeedit.errors import ImageError, UsageError
from vaeedit.image.files import FORMATS, image_files

STREAM = "-"
EXISTS = ("error", "overwrite", "skip", "unique")


@dataclass(frozen=True)
class Job:
    """One input and where its result goes; None stands for stdin or stdout."""

    source: Path | None
    target: Path | None
    skipped: bool = False
    """True where the target exists and is to stay."""

    @property
    def name(self) -> str:
        """The input as messages call it."""
        return "standard input" if self.source is None else str(self.source)


def plan(
    inputs: Sequence[str],
    output: str | None,
    operation: str,
    *,
    exists: str = "error",
    in_place: bool = False,
) -> list[Job]:
    """The jobs; raises UsageError for a request that cannot be meant, ImageError for a missing folder.

    Nothing is written, no folder made: see `make_folder`.

    Without `output` a result is named in.OPERATION.jpg beside its input. An `output` is a folder if it is one,
    ends in a slash, or there is more than one input.
    """
    if output is not None and in_place:
        raise UsageError("--in-place and -o exclude each other.")
    for name in inputs:
        if name != STREAM and not Path(name).exists():
            raise UsageError(f"There is no file {name}.")
    folders = [name for name in inputs if name != STREAM and Path(name).is_dir()]
    if folders and output is None and not in_place:
        raise UsageError(f"{folders[0]} is a folder; say with -o which folder receives the results.")
    jobs = _jobs(inputs, output, operation, in_place, bool(folders))
    _refuse_clashes(jobs, in_place)
    return _settle_existing(jobs, exists) if not in_place else jobs


def _jobs(
    inputs: Sequence[str], output: str | None, operation: str, in_place: bool, folders: bool
) -> list[Job]:
    sources: list[Path | None] = []
    for name in inputs:
        sources.extend([None] if name == STREAM else list(image_files([Path(name)])))
    if not sources:
        raise UsageError(f"There is no picture in {', '.join(inputs)}.")
    if None in sources and (len(sources) > 1 or output is None):
        raise UsageError("Standard input (-) is one picture and needs -o.")
    if output == STREAM:
        if len(sources) > 1:
            raise UsageError("Standard output (-o -) takes one picture.")
        return [Job(sources[0], None)]
    if output is None:
        files = [source for source in sources if source is not None]
        return [Job(s, s if in_place else s.with_name(f"{s.stem}.{operation}{s.suffix}")) for s in files]
    folder = Path(output)
    if folders or len(sources) > 1 or output.endswith(("/", "\\")) or folder.is_dir():
        return _into_folder(sources, folder)
    if folder.suffix.lower() not in FORMATS:
        raise UsageError(f"{output} does not end in a picture format ({', '.join(FORMATS)}).")
    if not folder.parent.is_dir():
        raise ImageError(f"{output} cannot be written: there is no folder {folder.parent}.")
    return [Job(sources[0], folder)]


def _into_folder(sources: Sequence[Path | None], folder: Path) -> list[Job]:
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir():
        raise UsageError(f"{nearest} is a file; several results need a folder.")
    return [Job(source, folder / (source.name if source else "stdin.png")) for source in sources]


def _refuse_clashes(jobs: Sequence[Job], in_place: bool) -> None:
    sources = {job.source.resolve(): job for job in jobs if job.source is not None}
    taken: dict[Path, Job] = {}
    for job in jobs:
        if job.target is None:
            continue
        target = job.target.resolve()
        if target in sources and not in_place:
            raise UsageError(f"The output {job.target} is an input; to replace inputs, say --in-place.")
        if target in taken:
            raise UsageError(f"{taken[target].name} and {job.name} would both become {job.target}.")
        taken[target] = job


def _settle_existing(jobs: Sequence[Job], exists: str) -> list[Job]:
    settled: list[Job] = []
    for job in jobs:
        if job.target is None or not job.target.exists() or exists == "overwrite":
            settled.append(job)
        elif exists == "error":
            raise UsageError(f"{job.target} exists; say --exists overwrite, skip or unique.")
        elif exists == "skip":
            settled.append(replace(job, skipped=True))
        else:
            taken = {other.target for other in (*settled, *jobs)}
            settled.append(Job(job.source, _unique(job.target, taken)))
    return settled


def _unique(path: Path, taken: Set[Path | None]) -> Path:
    number = 1
    while (candidate := path.with_name(f"{path.stem}-{number}{path.suffix}")).exists() or candidate in taken:
        number += 1
    return candidate


def make_folder(folder: Path) -> None:
    """Make the folder of an output where it is missing; raises ImageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageError(f"The folder {folder} cannot be made: {(error.strerror or '').lower()}.") from error
