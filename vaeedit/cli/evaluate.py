"""`vaeedit evaluate OPERATION DIR`: measured quality on reference images, with the protocol in the output."""

import sys
from pathlib import Path
from typing import Any

import click

from vaeedit.cli import console
from vaeedit.cli.operations import debug_option
from vaeedit.errors import UsageError


def _denoise(
    folder: str,
    sigma: tuple[float, ...],
    blind: bool,
    samples: int,
    vae: str,
    device: str,
    precision: str,
    record: bool,
    as_json: bool,
    debug: bool,
) -> int:
    from vaeedit.evaluation.denoise import evaluate_denoise
    from vaeedit.session import Session

    if not Path(folder).is_dir():
        raise UsageError(f"There is no folder {folder}.")
    rows = []
    with Session(device=device, precision=precision) as session:
        for level in sigma:
            row = evaluate_denoise(
                session, Path(folder), level, vae=vae, blind=blind, samples=samples, progress=_progress
            )
            rows.append(row)
            if as_json:
                console.say_json(row)
        if record:
            _record(session, vae, Path(folder).name, rows)
    if not as_json:
        _table(rows)
    return console.OK


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        console.note(text)


def _table(rows: list[dict[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row if name != "protocol"))
    console.say(f"protocol: {rows[0]['protocol']}")
    console.say("| " + " | ".join(names) + " |")
    console.say("|" + " --- |" * len(names))
    for row in rows:
        console.say("| " + " | ".join(str(row.get(name, "")) for name in names) + " |")


def _record(session: Any, vae: str, data: str, rows: list[dict[str, Any]]) -> None:
    """Put the figures into the VAE file's header and its model card."""
    from vaeedit.vae.card import write_card
    from vaeedit.vae.files import find_vae, read_info, record_figures

    path = find_vae(vae, session.registry)
    figures = {
        f"{data} sigma {row['sigma']:g}{' blind' if row['blind'] else ''}": {
            name: value
            for name, value in row.items()
            if name not in ("seconds_per_megapixel", "sigma", "blind")
        }
        for row in rows
    }
    record_figures(path, figures)
    write_card(path, read_info(path))


evaluate = click.Group("evaluate", help="Measure an operation on a folder of reference images.")
evaluate.add_command(
    click.Command(
        "denoise",
        callback=_denoise,
        params=[
            click.Argument(["folder"], metavar="DIR"),
            click.Option(
                ["--sigma"],
                type=click.FloatRange(0, 255, min_open=True),
                multiple=True,
                default=(15.0, 25.0, 50.0),
                show_default=True,
                help="Noise to add, of 255; may be repeated.",
            ),
            click.Option(
                ["--blind"], is_flag=True, default=False, help="Do not tell the model the noise level."
            ),
            click.Option(
                ["--samples"],
                type=click.IntRange(0),
                default=0,
                show_default=True,
                help="Also measure this many posterior samples and the KL of the latents.",
            ),
            click.Option(["--vae"], default="denoise", show_default=True, help="Name or file of the VAE."),
            click.Option(["--device"], default="auto", show_default=True, help="As for every operation."),
            click.Option(
                ["--precision"],
                default="float32",
                show_default=True,
                help="float32, bfloat16, float16 or auto.",
            ),
            click.Option(
                ["--record"],
                is_flag=True,
                default=False,
                help="Write the figures into the VAE's header and card.",
            ),
            click.Option(
                ["--json", "as_json"], is_flag=True, default=False, help="One JSON line a noise level."
            ),
            debug_option(),
        ],
        help="Remove Gaussian noise added to the pictures of DIR; PSNR and SSIM.",
    )
)
