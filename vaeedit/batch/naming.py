"""The names of results: beside their inputs, in a folder, one file, standard output, or by a template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vaeedit.batch.clashes import real
from vaeedit.batch.job import Job
from vaeedit.batch.sources import STREAM, Source
from vaeedit.batch.template import filled, is_template, literal
from vaeedit.errors import ImageError, UsageError
from vaeedit.image.files import FORMATS, PICTURES, written_name


@dataclass(frozen=True)
class Naming:
    """Makes jobs with names for the results of an operation; its methods raise UsageError or ImageError."""

    operation: str
    endings: Mapping[str, str]
    """The formats of results, by extension."""
    ending: str | None = None
    """The extension of all results; by default that of each input."""
    in_place: bool = False

    def jobs(self, sources: Sequence[Source], output: str | None, *, several: bool) -> list[Job]:
        """Return the job of every source; `several` tells whether there may be more than one result."""
        streamed = any(source.path is None for source in sources)
        if streamed and (len(sources) > 1 or output is None):
            raise UsageError("Standard input (-) is one picture; name its output with -o.")
        if output == STREAM:
            if len(sources) > 1:
                raise UsageError("Standard output (-o -) takes one picture.")
            return [Job(sources[0].path, None, sources[0].relative, format=self._format(sources[0]))]
        if output is None:
            return [self._beside(source) for source in sources]
        if is_template(output):
            return self._by_template(sources, output)
        output = literal(output)
        folder = Path(output)
        is_folder = output.endswith(("/", "\\")) or folder.is_dir()
        if several and not is_folder and not folder.exists() and folder.suffix.lower() in self.endings:
            raise UsageError(
                f"{output} is the name of one picture, and there may be several results; "
                f"name a folder, {output}/, or a template, {{stem}}{folder.suffix}."
            )
        if several or is_folder:
            return self._into_folder(sources, folder)
        if not folder.parent.is_dir():
            raise ImageError(f"{output} cannot be written: there is no folder {folder.parent}.")
        return [Job(sources[0].path, self._checked(folder), sources[0].relative)]

    def _beside(self, source: Source) -> Job:
        path = source.path
        assert path is not None
        named = path.with_name(f"{path.stem}.{self.operation}{path.suffix}")
        return Job(
            path, path if self.in_place else self._renamed(named), source.relative, in_place=self.in_place
        )

    def _into_folder(self, sources: Sequence[Source], folder: Path) -> list[Job]:
        nearest = next(path for path in (folder, *folder.parents) if path.exists())
        if not nearest.is_dir():
            raise UsageError(f"{nearest} is a file; several results need a folder.")
        return [
            Job(source.path, folder / self._renamed(source.relative), source.relative) for source in sources
        ]

    def _by_template(self, sources: Sequence[Source], output: str) -> list[Job]:
        """Return the jobs; pictures that were found in a folder and have the name of a result are earlier results."""
        jobs = []
        for index, source in enumerate(sources, 1):
            path = source.path or source.relative
            target = filled(output, path, self._renamed(path).suffix, self.operation, index)
            jobs.append(Job(source.path, self._checked(target), source.relative))
        results = {real(job.target) for job in jobs if job.target is not None}
        own = [
            source.folder is not None and real(source.folder / source.relative) in results
            for source in sources
        ]
        return [job for job, is_result in zip(jobs, own, strict=True) if not is_result]

    def _checked(self, target: Path) -> Path:
        """Return the name of a result; raises UsageError for one that ends in no format, or in another than is wanted."""
        if target.suffix.lower() not in self.endings:
            raise UsageError(f"{target} does not end in a picture format ({', '.join(self.endings)}).")
        wanted = self.ending and self.endings[self.ending]
        if wanted and self.endings[target.suffix.lower()] != wanted:
            raise UsageError(f"{target} is no {wanted} file, which --format asks for; leave out one of them.")
        return target

    def _renamed(self, path: Path) -> Path:
        """Return the path with the extension of the results."""
        if self.ending is None:
            return written_name(path)
        return (
            path.with_suffix(self.ending) if path.suffix.lower() in PICTURES else Path(f"{path}{self.ending}")
        )

    def _format(self, source: Source) -> str:
        """Return the format of a result on standard output, as `Job.format`."""
        ending = self.ending or (source.path.suffix.lower() if source.path else "")
        return FORMATS.get(ending, "" if source.path is None else "PNG")
