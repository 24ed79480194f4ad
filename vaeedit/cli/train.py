"""`vaeedit train`: fit a VAE by a recipe on a folder of images."""

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vaeedit.cli import console
from vaeedit.cli.batch import debug_option
from vaeedit.cli.files import require_writable
from vaeedit.cli.params import Duration
from vaeedit.errors import UsageError

if TYPE_CHECKING:
    from vaeedit.vae.files import VaeInfo

MINUTES = 45
"""Of training, unless --budget says otherwise."""


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

    if standing is not None:
        if steps or run or start or fresh or resume or devices or compiled:
            raise UsageError(
                "--standing goes with --data, --budget, --branch and -o; the plan says the rest."
            )
        return _stand(recipe, Path(data), Path(standing), branch, budget, output)
    if branch is not None:
        raise UsageError("--branch needs --standing DIR, the folder of the job that it is a branch of.")
    plugins = registry()
    settings = load_recipe(recipe, plugins)
    folder = Path(run or f"runs/{settings.name}")
    target = Path(output or folder / f"{settings.name}.safetensors")
    limit = Budget(MINUTES * 60 if budget is None else budget, steps)
    if output is not None:
        read = [("the recipe", Path(recipe)), *([("the VAE of --start", Path(start))] if start else [])]
        require_writable(target, read, resumes=resume)
    job = Run(Path(data), folder, limit, resume, devices, compiled, sys.stderr.isatty())
    _say(target, fit(settings, job, target, plugins, start=start, fresh=fresh))
    served = [item.spec for item in plugins.operations.bare.values() if item.spec.vae == settings.name]
    for spec in served:
        console.say(f"Use it: vaeedit {spec.name} in.jpg --vae {target}")
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
            raise UsageError("-o names the file of a branch; add --branch RUN.")
        standing.stand(plan, data, folder, registry(), seconds=budget or math.inf, say=console.note)
        return console.OK
    if budget is None:
        raise UsageError("A branch needs the time in which its rate falls: --budget 15m.")
    target = Path(output or folder / f"{plan.find(branch).name}.safetensors")
    require_writable(target, [("the plan", Path(name))])
    _say(target, standing.branch(plan, branch, data, folder, target, registry(), seconds=budget))
    return console.OK


def _say(target: Path, info: "VaeInfo") -> None:
    """The images that were left out, and what was written."""
    for sentence in info.training.get("skipped", []):
        console.warn(sentence)
    console.say(f"{target}  ({info.training['steps']} steps in {info.training['minutes']} min)")


train = click.Command(
    "train",
    callback=_callback,
    params=[
        click.Argument(["recipe"], metavar="RECIPE"),
        click.Option(
            ["--data"], required=True, metavar="DIR", help="Folder of images, searched with its sub-folders."
        ),
        click.Option(
            ["--budget"],
            type=Duration(),
            show_default=f"{MINUTES}m; with --standing, until it is ended",
            help="Time to train.",
        ),
        click.Option(["--steps"], type=click.IntRange(1), help="Train this many steps instead of a time."),
        click.Option(
            ["-o", "--output"], metavar="FILE", help="VAE file to write; by default inside the run folder."
        ),
        click.Option(["--run"], metavar="DIR", help="Folder for checkpoints; by default runs/RECIPE."),
        click.Option(
            ["--standing"],
            metavar="DIR",
            help="Train the runs of a plan in turn, at a constant rate and the lowest priority; all is kept in DIR.",
        ),
        click.Option(
            ["--branch"],
            metavar="RUN",
            help="Of a standing job: train a copy of this run's last checkpoint at a falling rate, and write the model.",
        ),
        click.Option(
            ["--start"], metavar="VAE", help="Name or file of a VAE whose weights training starts from."
        ),
        click.Option(
            ["--fresh"],
            multiple=True,
            metavar="PART",
            help="A part of the network, that does not take its weights from --start; may be repeated.",
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
    help="Train a VAE by a recipe (a name, or a YAML file); with --standing, by a plan of recipes (a YAML file).",
    epilog="Example: vaeedit train recipe.yaml --data photos/ --budget 2h -o mine.safetensors",
)
