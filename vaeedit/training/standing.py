"""A standing job: the runs of a plan are trained in turn, without end, and branches of them become models.

A run keeps its learning rate constant, so that it can be continued at any time. A branch trains a copy of the last
checkpoint at a rate that only falls (Hagele et al. 2024). A checkpoint file is replaced in one step, so that the job may
be killed at any moment.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import torch

from vaeedit.errors import UsageError
from vaeedit.extension.registry import Registry
from vaeedit.training.plan import Plan, PlannedRun
from vaeedit.training.recipe import Recipe, load_recipe
from vaeedit.training.run import CHECKPOINT, Budget, Run
from vaeedit.training.train import train
from vaeedit.vae.files import VaeInfo

BRANCH = "branch"
"""Folder in which a branch of a run is trained."""


def stand(
    plan: Plan, data: Path, folder: Path, registry: Registry, *, seconds: float, say: Callable[[str], None]
) -> None:
    """Train the runs of a plan in turn for `seconds` in all, at the lowest priority of the system.

    Raises what `load_recipe` and `train` raise.
    """
    os.nice(19)
    recipes = {run.name: load_recipe(run.recipe, registry) for run in plan.runs}  # all before any training
    left = seconds
    while left > 0:
        spent = [seconds_of(folder / run.name) for run in plan.runs]
        run = plan.next(spent)
        before = spent[plan.runs.index(run)]
        turn = min(plan.turn * 60, left)
        say(f"{run.name}: {before / 3600:.2f} hours so far, now {turn / 60:.1f} minutes more")
        _take_turn(run, recipes[run.name], data, folder / run.name, registry, before + turn, plan.held_out)
        left -= turn


def branch(
    plan: Plan, name: str, data: Path, folder: Path, output: Path, registry: Registry, *, seconds: float
) -> VaeInfo:
    """Train a branch of the run `name` for `seconds` at a falling rate, and write it to `output`.

    Raises UnknownName, UsageError where the run has no checkpoint yet, and what `train` raises.
    """
    run = plan.find(name)
    home = folder / run.name
    if not (home / CHECKPOINT).is_file():
        raise UsageError(f"{home} holds no checkpoint yet; train the plan first, without --branch.")
    recipe = load_recipe(run.recipe, registry)
    folder = home / BRANCH
    folder.mkdir(exist_ok=True)
    torch.save({**_checkpoint(home), "spent": 0.0, "operations": 0}, folder / CHECKPOINT)
    job = Run(data, folder, Budget(seconds), resume=True, held_out=plan.held_out)
    falling = _with_cooldown(recipe, 1.0)
    return train(falling, job, output, registry, start=str(_averaged(home, recipe)))


def seconds_of(home: Path) -> float:
    """Seconds that the run in this folder has been trained; 0 where it has not begun."""
    return float(_checkpoint(home)["spent"]) if (home / CHECKPOINT).is_file() else 0.0


def _take_turn(
    run: PlannedRun, recipe: Recipe, data: Path, home: Path, registry: Registry, until: float, held_out: int
) -> None:
    """Continue a run, or start it, until it has been trained for `until` seconds in all."""
    started = (home / CHECKPOINT).is_file()
    shipped = recipe.name if recipe.name in registry.weights.bare else None
    job = Run(data, home, Budget(until), resume=started, held_out=held_out)
    start = None if started else run.start or shipped
    train(_with_cooldown(recipe, 0.0), job, _averaged(home, recipe), registry, start=start)


def _with_cooldown(recipe: Recipe, share: float) -> Recipe:
    return msgspec.structs.replace(
        recipe, optimizer=msgspec.structs.replace(recipe.optimizer, cooldown=share)
    )


def _averaged(home: Path, recipe: Recipe) -> Path:
    """File of the averaged weights after the last turn."""
    return home / f"{recipe.name}.safetensors"


def _checkpoint(home: Path) -> dict[str, Any]:
    checkpoint: dict[str, Any] = torch.load(home / CHECKPOINT, map_location="cpu", weights_only=False)
    return checkpoint
