"""`vaeedit anomaly`: fit a model of normal images, and score other images with it."""

import time
from pathlib import Path

import click
from msgspec import convert

from vaeedit.api import (
    Budget,
    Claim,
    CommandGroup,
    Duration,
    console,
    debug_option,
    device_option,
    exists_option,
    refuse_existing,
)
from vaeedit_anomaly.layouts import AUTO, LAYOUTS, Layout
from vaeedit_anomaly.params import Share, model_file, percent
from vaeedit_anomaly.recalibrate_command import recalibrate
from vaeedit_anomaly.score import score
from vaeedit_anomaly.watch_command import watch


def _fit(
    normals: str,
    output: str,
    budget: float,
    steps: int | None,
    false_alarms: float,
    seed: int,
    layout: str,
    suspicious: str | None,
    leave_out: float,
    device: str,
    resume: bool,
    exists: str,
    debug: bool,
) -> int:
    started = time.monotonic()
    from vaeedit_anomaly.fit import fit  # training is heavy, and an extra

    target = model_file(output, exists)
    table = Path(suspicious) if suspicious else None
    if table is not None and not resume:  # the fit that is continued may have written it
        refuse_existing([table], exists)
    with Claim(target, "name another output"):
        summary = fit(
            Path(normals),
            target,
            Budget(budget, steps),
            false_alarms=false_alarms,
            seed=seed,
            layout=None if layout == AUTO else convert(layout, Layout),
            suspicious=table,
            leave_out=leave_out,
            device=device,
            resume=resume,
            replace=exists == "overwrite",
            say=console.note,
            warn=console.warn,
            progress=console.progress,
            started=started,
        )
    console.say(
        f"{target}  (learned from {summary['learned_from']} images in {summary['steps']} steps; "
        f"{summary['held_out']} held out: abnormal above {summary['threshold']:.3f}, "
        f"at {percent(false_alarms)} false alarms)"
    )
    if summary["left_out"]:
        console.say(f"Left out as suspicious: {', '.join(summary['left_out'])}")
    if table is not None:
        console.say(f"{table}  (the most suspicious images first)")
    console.say(f"Use it: vaeedit anomaly score IMAGES --vae {target}")
    return console.OK


anomaly = CommandGroup("anomaly")
anomaly.add_command(
    click.Command(
        "fit",
        callback=_fit,
        params=[
            click.Argument(["normals"], metavar="NORMALS"),
            click.Option(["-o", "--output"], required=True, metavar="FILE", help="Model to write: part.vae.safetensors."),
            click.Option(["--budget"], type=Duration(), default="10m", show_default=True, help="Time for everything."),
            click.Option(["--steps"], type=click.IntRange(1), help="Number of training steps, instead of a time."),
            click.Option(
                ["--false-alarms"], type=Share(), default="1%", show_default=True,
                help="Share of normal images that may be called abnormal.",
            ),
            click.Option(
                ["--seed"], type=click.IntRange(0), default=0, show_default=True, help="Seed of all random numbers."
            ),
            click.Option(
                ["--layout"], type=click.Choice([AUTO, *LAYOUTS]), default=AUTO, show_default=True,
                help="Whether each place of normal images shows the same part (aligned), all places show one material "
                "(texture), or parts are anywhere (free).",
            ),
            click.Option(
                ["--suspicious"], metavar="FILE",
                help="Write a table (CSV) of NORMALS, those first that differ most from all others: they may be defective.",
            ),
            click.Option(
                ["--leave-out"], type=Share("images"), default=0.0, metavar="SHARE",
                help="Leave out the most suspicious images, for example 2% of all; by default none.",
            ),
            device_option(),
            click.Option(["--resume"], is_flag=True, default=False, help="Continue an interrupted fit of the same model."),
            exists_option(),
            debug_option(),
        ],
        help="Learn from a folder that holds normal images only; needs the extra `train`.",
        epilog="Example: vaeedit anomaly fit good/ -o part.vae.safetensors",
    )
)  # fmt: skip
anomaly.add_command(score)
anomaly.add_command(watch)
anomaly.add_command(recalibrate)
