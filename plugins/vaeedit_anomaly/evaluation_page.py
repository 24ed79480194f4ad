"""The report of an evaluation: its figures, and the images that the model is most wrong about."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from vaeedit_anomaly.charts import charts
from vaeedit_anomaly.measured import Outcome
from vaeedit_anomaly.report import cards, escape, table, write_page
from vaeedit_anomaly.scoring import Row, Scored, Scorer
from vaeedit_anomaly.tables import WORST, alarms, differences, figures
from vaeedit_anomaly.worst import with_preview, worst

OUTLINED = "The blue outline is the labeled defect, the yellow one what the model marks."


def write_evaluation(
    path: Path, title: str, rows: Sequence[Row], images: Sequence[Outcome], score: Scorer
) -> None:
    """Write the page of these rows and scored images; `score` makes previews. Raises ImageError if it cannot be written."""
    with tempfile.TemporaryDirectory() as folder:
        shown = {
            WORST[sort]: [with_preview(image, score, Path(folder)) for image in found]
            for sort, found in worst(images).items()
        }
        write_page(path, title, _body(rows, images, shown))


def _body(rows: Sequence[Row], images: Sequence[Outcome], shown: Mapping[str, list[Scored]]) -> Iterator[str]:
    yield f"<p>Protocol: {escape(rows[0]['protocol'])}.</p>"
    yield table(figures(rows))
    yield f"<p>{escape(alarms(rows))}</p>"
    if compared := differences(rows):
        yield f"<h2>All kinds, beside {escape(rows[0]['against'])}, on the same resamples</h2>"
        yield table(compared)
    yield charts([image.scored for image in images])
    yield f"<p>{OUTLINED}</p>"
    for heading, scored in shown.items():
        yield from cards(heading, scored)
