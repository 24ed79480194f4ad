"""`vaeedit train`: fit a VAE by a recipe on a folder of images."""

import re
import sys
from pathlib import Path
from typing import Any

import click

from vaeedit.cli import console
from vaeedit.cli.batch import debug_option

UNITS = {"s": 1, "m": 60, "h": 3600}


class Duration(click.ParamType[float]):
    """'90s', '45m' or '2h', in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse."""
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", str(value))
        if match is None or float(match[1]) <= 0:
            self.fail(f"{value!r} is not a duration; say for example 90s, 45m or 2h.", param, ctx)
        return float(match[1]) * UNITS[match[2]]


def _callback(
    recipe: str,
    data: str,
    budget: float,
    steps: int | None,
    output: str | None,
    run: str | None,
    start: str | None,
    fresh: tuple[str, ...],
    resume: bool,
    devices: int | None,
    compiled: bool,
    debug: bool,
) -> int:
    from vaeedit.plugins import registry
    from vaeedit.training.recipe import load_recipe
    from vaeedit.training.run import Budget, Run
    from vaeedit.training.train import train as fit

    settings, plugins = load_recipe(recipe), registry()
    folder = Path(run or f"runs/{settings.name}")
    target = Path(output or folder / f"{settings.name}.safetensors")
    job = Run(Path(data), folder, Budget(budget, steps), resume, devices, compiled, sys.stderr.isatty())
    info = fit(settings, job, target, plugins, start=start, fresh=fresh)
    for sentence in info.training.get("skipped", []):
        console.warn(sentence)
    console.say(f"{target}  ({info.training['steps']} steps in {info.training['minutes']} min)")
    served = [item.spec for item in plugins.operations.bare.values() if item.spec.vae == settings.name]
    for spec in served:
        console.say(f"Use it: vaeedit {spec.name} photo.jpg --vae {target}")
    return console.OK


train = click.Command(
    "train",
    callback=_callback,
    params=[
        click.Argument(["recipe"], metavar="RECIPE"),
        click.Option(
            ["--data"], required=True, metavar="DIR", help="Folder of images, searched with its sub-folders."
        ),
        click.Option(
            ["--budget"], type=Duration(), default=2700.0, show_default="45m", help="Time to train."
        ),
        click.Option(["--steps"], type=click.IntRange(1), help="Train this many steps instead of a time."),
        click.Option(
            ["-o", "--output"], metavar="FILE", help="VAE file to write; by default inside the run folder."
        ),
        click.Option(["--run"], metavar="DIR", help="Folder for checkpoints; by default runs/RECIPE."),
        click.Option(
            ["--start"], metavar="VAE", help="Name or file of a VAE whose weights training starts from."
        ),
        click.Option(
            ["--fresh"],
            multiple=True,
            metavar="PART",
            help="A part of the network, such as ladder, that does not take its weights from --start; may be repeated.",
        ),
        click.Option(
            ["--resume"], is_flag=True, default=False, help="Continue from the run folder's last checkpoint."
        ),
        click.Option(
            ["--devices"],
            type=click.IntRange(1),
            metavar="N",
            help="GPUs (without one: processes) to use; by default every GPU.",
        ),
        click.Option(
            ["--compile", "compiled"],
            is_flag=True,
            default=False,
            help="Use torch.compile; pays off on long GPU runs.",
        ),
        debug_option(),
    ],
    help="Train a VAE by a recipe (a built-in name, such as denoise, or a YAML file).",
)
