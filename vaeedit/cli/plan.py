"""From the flags of a command on images to its jobs and its journal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaeedit.batch.history import History
from vaeedit.batch.jobs import Job, inspections, placed, refuse_clashes, settled, with_sides
from vaeedit.batch.journal import NAME
from vaeedit.batch.sources import LIST, STREAM, Source
from vaeedit.cli.files import Named, files_read, files_written

if TYPE_CHECKING:
    from vaeedit.cli.look import Look
    from vaeedit.pipeline.plan import Plan


@dataclass(frozen=True)
class Planner:
    """Plans all pictures of a batch at once, and with --watch each one as it comes."""

    plan: "Plan"
    values: Mapping[str, Any]
    name: str
    """What goes into default output names."""
    pictures: Mapping[str, str]
    """Side pictures, and what the user typed for each."""
    beside: Sequence[str]
    """Maps that are written beside each output."""
    read: Sequence[Named]
    """Further files that no output may replace."""
    look: "Look | None" = None
    """What a command that writes no pictures does with its results."""

    @property
    def several(self) -> bool:
        """Whether other pictures may follow those that are planned."""
        return self.values["watch"] and is_several(self.values["inputs"])

    def placed(self, sources: Sequence[Source]) -> list[Job]:
        """Where results go; raises UsageError or ImageError."""
        output, in_place = self.values["output"], self.values["in_place"]
        if self.look is not None:
            return inspections(sources, output)
        return placed(
            sources, output, self.name, in_place=in_place, film=self.plan.film, several=self.several
        )

    def settled(self, jobs: Sequence[Job], history: History) -> list[Job]:
        """The same with their side pictures, after a look at what is there; raises UsageError."""
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
        written = [*files_written(values, journal_of(values))]
        if self.look is not None:
            written += self.look.written
            jobs = [replace(job, sides={**job.sides, **self.look.sides(job)}) for job in jobs]
        refuse_clashes(jobs, read, written)
        return jobs


def journal_of(values: Mapping[str, Any]) -> Path | None:
    """Where the journal goes: where it is asked for, or into the output folder if there is one."""
    if values["journal"]:
        return Path(values["journal"])
    folder = output_folder(values)
    return None if folder is None else folder / NAME


def output_folder(values: Mapping[str, Any]) -> Path | None:
    """The folder that receives the outputs, if -o names one."""
    output: str | None = values["output"]
    if output is None or output == STREAM:
        return None
    folder = Path(output)
    is_folder = is_several(values["inputs"]) or output.endswith(("/", "\\")) or folder.is_dir()
    return folder if is_folder else None


def is_several(inputs: Sequence[str]) -> bool:
    """Whether the inputs may be more than one picture."""
    return len(inputs) > 1 or any(map(_may_be_several, inputs))


def _may_be_several(name: str) -> bool:
    return name != STREAM and (name.startswith(LIST) or not Path(name).is_file())
