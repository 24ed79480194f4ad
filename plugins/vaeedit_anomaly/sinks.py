"""Sinks of scores: printed lines, a table, a report. Memory holds only figures of each image; pictures stay on disk."""

import csv
import io
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from vaeedit.api import Job, Record, Reporter, Sink, cell, console, write_whole
from vaeedit_anomaly.report import PREVIEW, write_report
from vaeedit_anomaly.scoring import Scored
from vaeedit_anomaly.trees import NORMAL_FOLDERS


class Reading:
    """Converts records of these jobs to scores, with labels if the names of their folders are labels."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.names = {job.name: str(job.relative) for job in jobs}
        parents = {Path(name).parent.name.lower() for name in self.names}
        self.labeled = len(parents) > 1 and bool(parents & set(NORMAL_FOLDERS))

    def __call__(self, record: Record) -> Scored:
        """The score in a record."""
        path = Path(record.input)
        label = path.parent.name.lower() not in NORMAL_FOLDERS if self.labeled else None
        if record.failed:
            return Scored(path, self.names[record.input], error=record.error, label=label)
        scored = Scored.of(path, self.names[record.input], record.notes, label)
        return replace(scored, preview=record.sides.get(PREVIEW))


class Verdicts(Reporter):
    """Prints a line for each image; `abnormal` is true after an abnormal one."""

    def __init__(self, reading: Reading, files: int, *, as_json: bool) -> None:
        super().__init__(files, as_json=as_json)
        self.reading, self.abnormal = reading, False

    def say(self, record: Record) -> None:
        """Print the verdict."""
        scored = self.reading(record)
        self.abnormal |= scored.anomalous
        if self.as_json:
            console.say_json(scored.row())
        elif scored.error is None:
            console.say(scored.verdict())


class Table(Sink):
    """Writes a CSV file."""

    def __init__(self, reading: Reading, path: Path) -> None:
        self.reading, self.path = reading, path
        self.scored: dict[str, Scored] = {}

    def take(self, record: Record) -> None:
        """Collect a score."""
        self.scored[record.input] = self.reading(record)

    def close(self) -> None:
        """Write all rows."""
        write_table(self.scored.values(), self.path)


class Page(Table):
    """Writes the HTML report, and then removes the folder of previews; `keeps` keeps it, for a run that may be resumed."""

    def __init__(self, reading: Reading, path: Path, vae: str, previews: Path, *, keeps: bool) -> None:
        super().__init__(reading, path)
        self.vae, self.previews, self.keeps = vae, previews, keeps

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            super().__exit__(kind, error, trace)
        finally:
            if not self.keeps:
                shutil.rmtree(self.previews, ignore_errors=True)

    def close(self) -> None:
        """Write the report."""
        write_report([*self.scored.values()], self.path, self.vae)


def write_table(images: Iterable[Scored], path: Path) -> None:
    """Write scores as CSV, worst first, images without a score last; raises ImageError if the file cannot be written."""
    rows = [
        {name: cell(value) for name, value in image.row().items()}
        for image in sorted(images, key=lambda image: (image.error is not None, -image.score))
    ]
    text = io.StringIO()
    writer = csv.DictWriter(
        text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, text.getvalue().encode())
