"""`vaeedit anomaly score`: scores many images with the operation `anomaly`, and prints lines or writes a table or report."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from vaeedit.api import (
    Job,
    Look,
    Pipeline,
    Sink,
    Step,
    UsageError,
    digest,
    exists_option,
    look_at_files,
    look_command,
    refuse_existing,
)
from vaeedit_anomaly.params import asked_of, false_alarms_option, fast_option, model_option
from vaeedit_anomaly.report import PREVIEW
from vaeedit_anomaly.scoring import OPERATION
from vaeedit_anomaly.sinks import Page, Reading, Table, Verdicts

ANOMALOUS = 3
"""Exit code of `score --fail-on-anomaly` if an image is abnormal."""
PICTURES = ("heat", "overlay", "mask")
"""Maps that --map writes."""


class Scoring(Look):
    """Outputs the scores: as lines, as a table, as a report."""

    def __init__(
        self, vae: str, table: str | None, report: str | None, *, as_json: bool, keeps: bool
    ) -> None:
        self.vae, self.as_json, self.keeps = vae, as_json, keeps
        self.table, self.report = (Path(name) if name else None for name in (table, report))
        self.written = [
            (what, path) for what, path in (("the table", self.table), ("the report", self.report)) if path
        ]
        self.verdicts: Verdicts | None = None

    def sides(self, job: Job) -> Mapping[str, Path]:
        """Previews for the report, written to hidden files until the report is complete; searches for images skip them."""
        if self.report is None:
            return {}
        return {
            PREVIEW: self._previews(self.report)
            / f".{digest(job.name.encode('utf-8', 'surrogateescape'))}.png"
        }

    def sinks(self, jobs: Sequence[Job]) -> Sequence[Sink]:
        """The sink that prints lines, and those of the requested files."""
        reading = Reading(jobs)
        self.verdicts = Verdicts(reading, len(jobs), as_json=self.as_json)
        sinks: list[Sink] = [self.verdicts]
        if self.table:
            sinks.append(Table(reading, self.table))
        if self.report:
            sinks.append(Page(reading, self.report, self.vae, self._previews(self.report), keeps=self.keeps))
        return sinks

    @staticmethod
    def _previews(report: Path) -> Path:
        return report.with_name(f".{report.name}.previews")


def _score(
    vae: str,
    false_alarms: float | None,
    fast: bool,
    folder: str | None,
    table: str | None,
    report: str | None,
    exists: str,
    fail_on_anomaly: bool,
    **values: Any,
) -> int:
    if values["resume"] and not (folder or values["journal"]):
        raise UsageError(
            "--resume needs a journal; name it with --journal, or name the folder of maps with --map."
        )
    keeps = bool(folder or values["journal"])
    scoring = Scoring(vae, table, report, as_json=values["as_json"], keeps=keeps)
    refuse_existing((path for _, path in scoring.written), exists)
    options = asked_of(false_alarms, fast=fast)
    maps = (*(PICTURES if folder else ()), *((PREVIEW,) if report else ()))
    into = f"{folder}/" if folder else None
    code = look_at_files(
        Pipeline(Step(OPERATION, maps=maps, **options)),
        {**values, "vae": vae, "exists": exists, "output": into},
        dict.fromkeys(PICTURES, into) if into else {},
        scoring,
    )
    abnormal = scoring.verdicts is not None and scoring.verdicts.abnormal
    return ANOMALOUS if code == 0 and fail_on_anomaly and abnormal else code


score = look_command(
    "score",
    [
        model_option(),
        false_alarms_option(),
        fast_option(),
        click.Option(["--map", "folder"], metavar="DIR", help="Write NAME.heat.png, .overlay.png and .mask.png to DIR."),
        click.Option(["--csv", "table"], metavar="FILE", help="Write a table (CSV), worst first."),
        click.Option(["--report"], metavar="FILE", help="Write a report (one HTML file) with overlays, worst first."),
        exists_option(),
        click.Option(
            ["--fail-on-anomaly"], is_flag=True, default=False, help=f"Exit with {ANOMALOUS} if an image is abnormal."
        ),
    ],
    _score,
    inputs="IMAGES...",
    help="Score images by how abnormal they are. If there is a folder called good beside others, folder names are labels.",
    epilog="Example: vaeedit anomaly score parts/ --vae part.vae.safetensors --report report.html",
)  # fmt: skip
