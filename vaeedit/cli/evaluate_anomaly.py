"""`vaeedit evaluate anomaly TREE`: scores and maps of defects against a data set's labels."""

import sys
from pathlib import Path

import click

from vaeedit.cli import console
from vaeedit.cli.batch import debug_option

PROTOCOL = (
    "every kind of defect against all normal test images; pixels of all images together at their own size, "
    "AUPRO up to 30 % false alarms, regions of eight neighbours; alarms at the model's threshold"
)


def _callback(tree: str, vae: str, device: str, as_json: bool, debug: bool) -> int:
    from vaeedit.evaluation.anomaly_data import read_tree
    from vaeedit.evaluation.scoring import PIXELS, Scorer, evaluate_tree
    from vaeedit.session import Session

    found = read_tree(Path(tree))
    note = console.note if sys.stderr.isatty() else (lambda text: None)
    with Session(device=device) as session:
        rows = list(evaluate_tree(found, Scorer(session, vae, maps=(PIXELS,)), note))
    if as_json:
        for row in rows:
            console.say_json({"protocol": PROTOCOL, "layout": found.layout, **row})
        return console.OK
    console.say(f"protocol: {PROTOCOL}")
    console.say_table(rows)
    return console.OK


evaluate_anomaly = click.Command(
    "anomaly",
    callback=_callback,
    params=[
        click.Argument(["tree"], metavar="TREE"),
        click.Option(["--vae"], required=True, help="File that `vaeedit anomaly fit` has made."),
        click.Option(["--device"], default="auto", show_default=True, help="As for every operation."),
        click.Option(
            ["--json", "as_json"], is_flag=True, default=False, help="One JSON line a kind of defect."
        ),
        debug_option(),
    ],
    help="Score the test images of a folder laid out as MVTec AD, BTAD or VisA, and compare with its labels.",
)
