"""`vaeedit evaluate anomaly TREE`: compares scores and maps with the labels of a data set."""

from pathlib import Path

import click

from vaeedit.api import Session, console, debug_option
from vaeedit_anomaly.scoring import PIXELS, Scorer, evaluate_tree
from vaeedit_anomaly.trees import read_tree

PROTOCOL = (
    "every kind of defect against all normal test images; pixels of all images together at their own size, "
    "AUPRO up to 30 % false alarms, regions of eight neighbors; alarms at the model's threshold"
)


def _callback(tree: str, vae: str, device: str, as_json: bool, debug: bool) -> int:
    dataset = read_tree(Path(tree))
    with Session(device=device) as session:
        rows = list(evaluate_tree(dataset, Scorer(session, vae, maps=(PIXELS,)), console.progress))
    if as_json:
        for row in rows:
            console.say_json({"protocol": PROTOCOL, "layout": dataset.layout, **row})
        return console.OK
    console.say(f"protocol: {PROTOCOL}")
    console.say_table(rows)
    return console.OK


anomaly = click.Command(
    None,
    callback=_callback,
    params=[
        click.Argument(["tree"], metavar="TREE"),
        click.Option(["--vae"], required=True, help="File that `vaeedit anomaly fit` has made."),
        click.Option(["--device"], default="auto", show_default=True, help="As for every operation."),
        click.Option(
            ["--json", "as_json"], is_flag=True, default=False, help="Print one JSON line per kind of defect."
        ),
        debug_option(),
    ],
    epilog="Example: vaeedit evaluate anomaly mvtec/bottle --vae bottle.vae.safetensors",
)
