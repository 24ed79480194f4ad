"""`vaeedit anomaly`: fit a model of normal images, and score other images with it."""

from pathlib import Path

import click

from vaeedit.api import (
    Budget,
    CommandGroup,
    Duration,
    console,
    debug_option,
    exists_option,
)
from vaeedit_anomaly.params import Share, model_file
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
    exists: str,
    debug: bool,
) -> int:
    from vaeedit_anomaly.fit import fit  # training is heavy, and an extra

    target = model_file(output, exists)
    summary = fit(
        Path(normals), target, Budget(budget, steps), false_alarms=false_alarms, seed=seed, say=console.note
    )
    console.say(
        f"{target}  (learned from {summary['learned_from']} images in {summary['steps']} steps; "
        f"{summary['held_out']} held out: abnormal above {summary['threshold']:.3f}, at {false_alarms:.3%} false alarms)"
    )
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
            click.Option(["--budget"], type=Duration(), default=600.0, show_default="10m", help="Time for everything."),
            click.Option(["--steps"], type=click.IntRange(1), help="Number of training steps, instead of a time."),
            click.Option(
                ["--false-alarms"], type=Share(), default=0.01, show_default="1%",
                help="Share of normal images that may be called abnormal.",
            ),
            click.Option(
                ["--seed"], type=click.IntRange(0), default=0, show_default=True, help="Seed of all random numbers."
            ),
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
