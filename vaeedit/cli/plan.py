"""Plans the jobs and the journal of a command on images from its flags."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaeedit.batch.history import History
from vaeedit.batch.jobs import Job, inspections, placed, refuse_clashes, settled, with_sides
from vaeedit.batch.journal import NAME
from vaeedit.batch.sources import LIST, STREAM, Source
from vaeedit.batch.template import fixed_folder, is_template, literal
from vaeedit.cli.files import Named, files_read

if TYPE_CHECKING:
    from vaeedit.cli.look import Look
    from vaeedit.pipeline.plan import Plan


@dataclass(frozen=True)
class Planner:
    """Plans all pictures of a batch at once or, with --watch, each picture when it arrives."""

    plan: "Plan"
    values: Mapping[str, Any]
    name: str
    """The name in default output names, IN.NAME.jpg."""
    pictures: Mapping[str, str]
    """Names of side pictures, and the path that the user typed for each."""
    beside: Sequence[str]
    """Names of maps that are written beside each output."""
    read: Sequence[Named]
    """Other files that no output may replace."""
    look: "Look | None" = None
    """For a command that writes no pictures: how it uses its results."""

    @property
    def several(self) -> bool:
        """Whether other pictures may arrive later."""
        return self.values["watch"] and is_several(self.values["inputs"])

    def placed(self, sources: Sequence[Source]) -> list[Job]:
        """Return the jobs of the sources; raises UsageError or ImageError."""
        output, in_place = self.values["output"], self.values["in_place"]
        if self.look is not None:
            return inspections(sources, output)
        return placed(
            sources,
            output,
            self.name,
            in_place=in_place,
            film=self.plan.film,
            several=self.several,
            ending=self.values["format"] and f".{self.values['format']}",
        )

    def settled(self, jobs: Sequence[Job], history: History) -> list[Job]:
        """Add side pictures to the jobs and apply --exists; raises UsageError."""
        values = self.values
        exists = "skip" if values["watch"] and values["exists"] == "error" else values["exists"]
        jobs = with_sides(
            settled(jobs, exists, made=history.wrote),
            self.pictures,
            self.beside,
            several=self.several,
            overwrite=exists == "overwrite",
            made=history.wrote,
        )
        read = [*self.read, *files_read(self.plan, jobs, values)]
        own = (("the journal", journal_of(values)), ("the report", values["report"]))
        written = [(what, Path(path)) for what, path in own if path]
        if self.look is not None:
            written += self.look.written
            jobs = [replace(job, sides={**job.sides, **self.look.sides(job)}) for job in jobs]
        refuse_clashes(jobs, read, written)
        return jobs


def journal_of(values: Mapping[str, Any]) -> Path | None:
    """Return the path of the journal: the file of --journal, or a file in the output folder, or None."""
    if values["journal"]:
        return Path(values["journal"])
    folder = output_folder(values)
    return None if folder is None else folder / NAME


def output_folder(values: Mapping[str, Any]) -> Path | None:
    """Return the folder of the outputs: the one that -o names, or that its template begins with."""
    output: str | None = values["output"]
    if output is None or output == STREAM:
        return None
    if is_template(output):
        fixed = fixed_folder(output)
        return None if fixed is None else Path(fixed)
    folder = Path(literal(output))
    is_folder = is_several(values["inputs"]) or output.endswith(("/", "\\")) or folder.is_dir()
    return folder if is_folder else None


def is_several(inputs: Sequence[str]) -> bool:
    """Whether the inputs may be more than one picture."""
    if len(inputs) > 1:
        return True
    return any(name != STREAM and (name.startswith(LIST) or not Path(name).is_file()) for name in inputs)
