"""Where scores go as they come: printed lines, a table, a page. Of each image little is kept; pictures stay on the disk."""

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
    """Makes scores of the records of these jobs, with labels where the folders tell."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.names = {job.name: str(job.relative) for job in jobs}
        parents = {Path(name).parent.name.lower() for name in self.names}
        self.labeled = len(parents) > 1 and bool(parents & set(NORMAL_FOLDERS))

    def __call__(self, record: Record) -> Scored:
        """What a record says."""
        path = Path(record.input)
        label = path.parent.name.lower() not in NORMAL_FOLDERS if self.labeled else None
        if record.failed:
            return Scored(path, self.names[record.input], error=record.error, label=label)
        found = Scored.of(path, self.names[record.input], record.notes, label)
        return replace(found, preview=record.sides.get(PREVIEW))


class Verdicts(Reporter):
    """Prints a line for every image, and knows whether one was abnormal."""

    def __init__(self, reading: Reading, files: int, *, as_json: bool) -> None:
        super().__init__(files, as_json=as_json)
        self.reading, self.abnormal = reading, False

    def say(self, record: Record) -> None:
        """The verdict."""
        scored = self.reading(record)
        self.abnormal |= scored.anomalous
        if self.as_json:
            console.say_json(scored.row())
        elif scored.error is None:
            verdict = "ABNORMAL" if scored.anomalous else "normal"
            console.say(f"{scored.path}  {verdict}  score {scored.score:.3f}, p {scored.p_value:.2g}")


class Table(Sink):
    """Becomes a CSV file."""

    def __init__(self, reading: Reading, path: Path) -> None:
        self.reading, self.path = reading, path
        self.found: dict[str, Scored] = {}

    def take(self, record: Record) -> None:
        """Keep its row."""
        self.found[record.input] = self.reading(record)

    def close(self) -> None:
        """Write them all."""
        write_table(self.found.values(), self.path)


class Page(Table):
    """Becomes an HTML page; the folder of its small pictures is removed, unless a journal `keeps` what it needs to resume."""

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
        """Write it."""
        write_report([*self.found.values()], self.path, self.vae)


def write_table(found: Iterable[Scored], path: Path) -> None:
    """Write scores as CSV, worst first, those without a score last; raises ImageError where that cannot be written."""
    rows = [
        {name: cell(value) for name, value in one.row().items()}
        for one in sorted(found, key=lambda one: (one.error is not None, -one.score))
    ]
    text = io.StringIO()
    writer = csv.DictWriter(
        text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, text.getvalue().encode())
