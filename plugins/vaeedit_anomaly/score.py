"""`vaeedit anomaly score`: many images through the operation `anomaly`; their scores become lines, a table, a page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from vaeedit.api import Job, Look, Pipeline, Sink, Step, UsageError, digest, look_at_files, look_command
from vaeedit_anomaly.params import EXISTS, Share, refuse_existing
from vaeedit_anomaly.report import PREVIEW
from vaeedit_anomaly.scoring import OPERATION
from vaeedit_anomaly.sinks import Page, Reading, Table, Verdicts

ANOMALOUS = 3
"""Exit code of `score --fail-on-anomaly` where an image is abnormal."""
PICTURES = ("heat", "overlay", "mask")
"""Maps that --map writes."""


class Scoring(Look):
    """Scores as lines, as a table and as a page."""

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
        """The small pictures of the page wait for its end on the disk; hidden ones, which no search for images finds."""
        if self.report is None:
            return {}
        return {
            PREVIEW: self._previews(self.report)
            / f".{digest(job.name.encode('utf-8', 'surrogateescape'))}.png"
        }

    def sinks(self, jobs: Sequence[Job]) -> Sequence[Sink]:
        """The lines, and what else was asked for."""
        reading = Reading(jobs)
        self.verdicts = Verdicts(reading, len(jobs), as_json=self.as_json)
        found: list[Sink] = [self.verdicts]
        if self.table:
            found.append(Table(reading, self.table))
        if self.report:
            found.append(Page(reading, self.report, self.vae, self._previews(self.report), keeps=self.keeps))
        return found

    @staticmethod
    def _previews(report: Path) -> Path:
        return report.with_name(f".{report.name}.previews")


def _score(
    vae: str,
    false_alarms: float | None,
    folder: str | None,
    table: str | None,
    report: str | None,
    exists: str,
    fail_on_anomaly: bool,
    **values: Any,
) -> int:
    if values["resume"] and not (folder or values["journal"]):
        raise UsageError(
            "--resume goes by a journal; name it with --journal, or the folder of the maps with --map."
        )
    keeps = bool(folder or values["journal"])
    scoring = Scoring(vae, table, report, as_json=values["as_json"], keeps=keeps)
    refuse_existing((path for _, path in scoring.written), exists)
    options: dict[str, Any] = {} if false_alarms is None else {"false_alarms": false_alarms}
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
        click.Option(["--vae"], required=True, metavar="FILE", help="Model that `vaeedit anomaly fit` has made."),
        click.Option(["--false-alarms"], type=Share(), help="Another share than the model was fitted for."),
        click.Option(["--map", "folder"], metavar="DIR", help="Write NAME.heat.png, .overlay.png and .mask.png there."),
        click.Option(["--csv", "table"], metavar="FILE", help="Write a table, worst first."),
        click.Option(["--report"], metavar="FILE", help="Write a page (HTML, one file): worst first, with overlays."),
        EXISTS,
        click.Option(
            ["--fail-on-anomaly"], is_flag=True, default=False, help=f"Exit with {ANOMALOUS} if any image is abnormal."
        ),
    ],
    _score,
    inputs="IMAGES...",
    help="Say of every image how abnormal it is; pictures in folders called good beside others are taken as labeled.",
    epilog="Example: vaeedit anomaly score parts/ --vae part.vae.safetensors --report report.html",
)  # fmt: skip
