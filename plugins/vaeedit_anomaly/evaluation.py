"""`vaeedit evaluate anomaly TREE`: compares scores and maps with the labels of a data set."""

from pathlib import Path

import click

from vaeedit.api import Session, console, exists_option, refuse_existing, rows_command
from vaeedit_anomaly.evaluation_page import write_evaluation
from vaeedit_anomaly.groups import grouped
from vaeedit_anomaly.measured import ALL, evaluate, outcomes
from vaeedit_anomaly.params import false_alarms_option, fast_option
from vaeedit_anomaly.report import PREVIEW
from vaeedit_anomaly.resampling import FEWEST, RESAMPLES
from vaeedit_anomaly.scoring import PIXELS, Row, Scorer
from vaeedit_anomaly.tables import say
from vaeedit_anomaly.trees import read_tree
from vaeedit_anomaly.worst import named, worst

PROTOCOL = (
    "every kind of defect against all normal test images; pixels of all images together at their own size, "
    "AUPRO up to 30 % false alarms, regions of eight neighbors; alarms at {:.3g} % stated false alarms; in brackets 95 % "
    f"intervals: BCa of {RESAMPLES} resamples of the groups (none below {FEWEST} groups of a label), of alarms Clopper and "
    "Pearson's"
)


def _rows(
    session: Session,
    vae: str,
    tree: str,
    groups: str | None,
    against: str | None,
    false_alarms: float | None,
    fast: bool,
    report: str | None,
    exists: str,
) -> list[Row]:
    refuse_existing([Path(report)] if report else [], exists)
    dataset = read_tree(Path(tree))
    numbers, twins = grouped(dataset, groups)
    if twins.any():
        console.warn(
            f"{twins.sum()} of {len(twins)} test images are in groups of training images: these are not unseen."
        )
    names = [vae, *([against] if against else [])]
    models = [
        outcomes(dataset, Scorer(session, name, false_alarms, (PIXELS,), fast=fast), console.progress)
        for name in names
    ]
    stated = models[0][0].scored.false_alarms
    common: Row = {"protocol": PROTOCOL.format(100 * stated), "layout": dataset.layout}
    common |= {"fast": True} if fast else {}
    other = {"against": against} if against else {}
    rows = [
        {**common, **row, "stated_false_alarms": stated, **other} for row in evaluate(models, numbers, twins)
    ]
    found = {sort: [named(image) for image in images] for sort, images in worst(models[0]).items()}
    next(row for row in rows if row["kind"] == ALL)["worst"] = found
    if report:
        previews = Scorer(session, vae, false_alarms, (PREVIEW,), fast=fast)
        write_evaluation(Path(report), f"{vae} on {tree}", rows, models[0], previews)
    return rows


anomaly = rows_command(
    _rows,
    [
        click.Argument(["tree"], metavar="TREE"),
        click.Option(
            ["--groups"], metavar="CSV|REGEX",
            help="Images that belong together, as pictures of one part do: a table with FILE,GROUP in each line, or a "
            "pattern of FOLDER/NAME (what its parentheses or all of it matches). They stay together in resamples.",
        ),
        click.Option(
            ["--against"], metavar="FILE",
            help="Another model, for differences with their intervals on the same resamples.",
        ),
        false_alarms_option(),
        fast_option(),
        click.Option(["--report"], metavar="FILE", help="Write a report (one HTML file) with the worst images."),
        exists_option(),
    ],
    by="kind",
    say=say,
    epilog="Example: vaeedit evaluate anomaly mvtec/bottle --vae bottle.vae.safetensors --report report.html",
)  # fmt: skip
