"""`vaeedit evaluate anomaly TREE`: compares scores and maps with the labels of a data set."""

from collections.abc import Iterator
from pathlib import Path

import click

from vaeedit.api import Session, console, rows_command
from vaeedit_anomaly.scoring import PIXELS, Row, Scorer, evaluate_tree
from vaeedit_anomaly.trees import read_tree

PROTOCOL = (
    "every kind of defect against all normal test images; pixels of all images together at their own size, "
    "AUPRO up to 30 % false alarms, regions of eight neighbors; alarms at the model's threshold"
)


def _rows(session: Session, vae: str, tree: str) -> Iterator[Row]:
    dataset = read_tree(Path(tree))
    for row in evaluate_tree(dataset, Scorer(session, vae, maps=(PIXELS,)), console.progress):
        yield {"protocol": PROTOCOL, "layout": dataset.layout, **row}


anomaly = rows_command(
    _rows,
    [click.Argument(["tree"], metavar="TREE")],
    by="kind",
    epilog="Example: vaeedit evaluate anomaly mvtec/bottle --vae bottle.vae.safetensors",
)
