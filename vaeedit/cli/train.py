"""`vaeedit train`: train a VAE by a recipe on a folder of images or another data source."""

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vaeedit.cli import console
from vaeedit.cli.files import require_writable
from vaeedit.cli.operations import required
from vaeedit.cli.params import Duration, debug_option
from vaeedit.errors import UsageError

if TYPE_CHECKING:
    from vaeedit.vae.files import VaeInfo

MINUTES = 45
"""The default of --budget."""


def _callback(
    recipe: str,
    data: str,
    budget: float | None,
    steps: int | None,
    output: str | None,
    run: str | None,
    standing: str | None,
    branch: str | None,
    start: str | None,
    fresh: tuple[str, ...],
    resume: bool,
    devices: int | None,
    compiled: bool,
    debug: bool,
) -> int:
    from vaeedit.extension.registry import registry
    from vaeedit.training.recipe import load_recipe
    from vaeedit.training.run import Budget, Run
    from vaeedit.training.train import train as fit

    place = Path(data)
    if standing is not None:
        if steps or run or start or fresh or resume or devices or compiled:
            raise UsageError(
                "--standing goes with DATA, --budget, --branch and -o; the plan sets all other values."
            )
        return _stand(recipe, place, Path(standing), branch, budget, output)
    if branch is not None:
        raise UsageError("--branch needs --standing DIR, the folder of the job.")
    plugins = registry()
    settings = load_recipe(recipe, plugins)
    folder = Path(run or f"runs/{settings.name}")
    target = Path(output or folder / f"{settings.name}.safetensors")
    limit = Budget(MINUTES * 60 if budget is None else budget, steps)
    if output is not None:
        read = [("the recipe", Path(recipe)), *([("the VAE of --start", Path(start))] if start else [])]
        require_writable(target, read, resumes=resume)
    job = Run(place, folder, limit, resume, devices, compiled, sys.stderr.isatty())
    _say(target, fit(settings, job, target, plugins, start=start, fresh=fresh))
    served = [item.spec for item in plugins.operations.bare.values() if item.spec.vae == settings.name]
    for spec in served:
        console.say(f"Use it: vaeedit {spec.name} in.jpg{required(spec)} --vae {target}")
    return console.OK


def _stand(
    name: str, data: Path, folder: Path, branch: str | None, budget: float | None, output: str | None
) -> int:
    """Train a plan, or a branch of one of its runs."""
    from vaeedit.extension.registry import registry
    from vaeedit.training import standing
    from vaeedit.training.plan import load_plan

    plan = load_plan(name)
    if branch is None:
        if output is not None:
            raise UsageError("With --standing, -o needs --branch RUN.")
        standing.stand(plan, data, folder, registry(), seconds=budget or math.inf, say=console.note)
        return console.OK
    if budget is None:
        raise UsageError(
            "--branch needs the time in which its learning rate falls, for example --budget 15m."
        )
    target = Path(output or folder / f"{plan.find(branch).name}.safetensors")
    require_writable(target, [("the plan", Path(name))])
    _say(target, standing.branch(plan, branch, data, folder, target, registry(), seconds=budget))
    return console.OK


def _say(target: Path, info: "VaeInfo") -> None:
    """Warn of images that were left out, and print what was written."""
    for sentence in info.training.get("skipped", []):
        console.warn(sentence)
    console.say(f"{target}  ({info.training['steps']} steps in {info.training['minutes']} min)")


train = click.Command(
    "train",
    callback=_callback,
    params=[
        click.Argument(["recipe"], metavar="RECIPE"),
        click.Argument(["data"], metavar="DATA"),
        click.Option(
            ["--budget"],
            type=Duration(),
            show_default=f"{MINUTES}m; with --standing, no limit",
            help="Time to train, such as 90s, 45m or 2h.",
        ),
        click.Option(
            ["--steps"], type=click.IntRange(1), help="Number of steps to train, instead of a time."
        ),
        click.Option(
            ["-o", "--output"], metavar="FILE", help="VAE file to write; by default inside the run folder."
        ),
        click.Option(["--run"], metavar="DIR", help="Folder for checkpoints; by default runs/RECIPE."),
        click.Option(
            ["--standing"],
            metavar="DIR",
            help="Train the runs of a plan in turn, at a constant learning rate and low priority; DIR keeps all files.",
        ),
        click.Option(
            ["--branch"],
            metavar="RUN",
            help="With --standing: train a copy of this run's last checkpoint at a falling rate, and write the model.",
        ),
        click.Option(
            ["--start"], metavar="VAE", help="Name or file of a VAE whose weights training starts from."
        ),
        click.Option(
            ["--fresh"],
            multiple=True,
            metavar="PART",
            help="Part of a network whose weights are not taken from --start; may be repeated.",
        ),
        click.Option(
            ["--resume"], is_flag=True, default=False, help="Continue from the run folder's last checkpoint."
        ),
        click.Option(
            ["--devices"],
            type=click.IntRange(1),
            metavar="N",
            help="Number of GPUs to use, by default all; on a machine without a GPU, number of processes.",
        ),
        click.Option(
            ["--compile", "compiled"],
            is_flag=True,
            default=False,
            help="Use torch.compile; it makes long runs on a GPU faster.",
        ),
        debug_option(),
    ],
    help="Train a VAE by a recipe (a name or a YAML file). With --standing, train the recipes of a plan (a YAML file).",
    epilog="Example: vaeedit train recipe.yaml photos/ --budget 2h -o mine.safetensors",
)
