"""A standing job: the runs of a plan take turns, at a constant rate, for as long as they may; their branches are used.

A run never lowers its rate, so that no progress is spent on lowering it twice. A branch trains a copy of its last checkpoint
at a rate that only falls (Hagele et al. 2024). A checkpoint is replaced as a whole, so the job may be killed at any moment.
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
"""Folder of a run's branch while it is trained."""


def stand(
    plan: Plan, data: Path, folder: Path, registry: Registry, *, seconds: float, say: Callable[[str], None]
) -> None:
    """Train for so many seconds in all, at the lowest priority; raises what `train` raises."""
    os.nice(19)
    recipes = {run.name: load_recipe(run.recipe, registry) for run in plan.runs}  # mistakes come first
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
    """Train a branch of a run for so many seconds at a falling rate and write it; raises UsageError where there is no run."""
    run = plan.find(name)
    home = folder / run.name
    if not (home / CHECKPOINT).is_file():
        raise UsageError(f"{home} holds no checkpoint yet; train the plan first, without --branch.")
    recipe = load_recipe(run.recipe, registry)
    falling = msgspec.structs.replace(
        recipe, optimizer=msgspec.structs.replace(recipe.optimizer, cooldown=1.0)
    )
    apart = home / BRANCH
    apart.mkdir(exist_ok=True)
    torch.save({**_checkpoint(home), "spent": 0.0}, apart / CHECKPOINT)
    job = Run(data, apart, Budget(seconds), resume=True, held_out=plan.held_out)
    return train(falling, job, output, registry, start=str(_averaged(home, recipe)))


def seconds_of(home: Path) -> float:
    """How long the run in this folder has been trained."""
    return float(_checkpoint(home)["spent"]) if (home / CHECKPOINT).is_file() else 0.0


def _take_turn(
    run: PlannedRun, recipe: Recipe, data: Path, home: Path, registry: Registry, until: float, held_out: int
) -> None:
    constant = msgspec.structs.replace(
        recipe, optimizer=msgspec.structs.replace(recipe.optimizer, cooldown=0.0)
    )
    started = (home / CHECKPOINT).is_file()
    known = recipe.name if recipe.name in registry.weights.bare else None
    job = Run(data, home, Budget(until), resume=started, held_out=held_out)
    start = None if started else run.start or known
    train(constant, job, _averaged(home, recipe), registry, start=start)


def _averaged(home: Path, recipe: Recipe) -> Path:
    """The averaged weights after the last turn."""
    return home / f"{recipe.name}.safetensors"


def _checkpoint(home: Path) -> dict[str, Any]:
    found: dict[str, Any] = torch.load(home / CHECKPOINT, map_location="cpu", weights_only=False)
    return found
