"""A plan: which models are trained in turn, and by which recipe, for a job that stands for as long as it may."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from vaeedit.documents import text_of
from vaeedit.errors import OptionError, UnknownName
from vaeedit.options import Options, option
from vaeedit.training.documents import parsed


class PlannedRun(Options, frozen=True):
    """One model of a plan."""

    recipe: Annotated[str, option("Name of a recipe, or a YAML file.")]
    share: Annotated[float, option("Share of the time, beside the others' shares.", ge=0.001)] = 1.0
    start: Annotated[
        str,
        option("VAE that training starts from; by default the one of the recipe's name."),
    ] = ""

    @property
    def name(self) -> str:
        """The run's folder, and what --branch calls it."""
        return Path(self.recipe).stem


class Plan(Options, frozen=True):
    """Runs that share the time."""

    runs: Annotated[tuple[PlannedRun, ...], option("What is trained.")]
    turn: Annotated[float, option("Minutes until the next run has its turn.", ge=0.01)] = 30.0
    held_out: Annotated[
        int, option("Images kept out of training, on which the curve's PSNR is measured.", ge=1)
    ] = 16

    def next(self, spent: Sequence[float]) -> PlannedRun:
        """The run that has had least of its share; `spent` holds the seconds of each."""
        behind = [seconds / run.share for seconds, run in zip(spent, self.runs, strict=True)]
        return self.runs[behind.index(min(behind))]

    def find(self, name: str) -> PlannedRun:
        """The run of this name; raises UnknownName."""
        known = {run.name: run for run in self.runs}
        if name not in known:
            raise UnknownName("run of the plan", name, known)
        return known[name]


def load_plan(name: str) -> Plan:
    """The plan in a YAML file; raises UsageError or OptionError."""
    plan = parsed(Plan, text_of(Path(name)), name)
    names = [run.name for run in plan.runs]
    if not names or len(set(names)) < len(names):
        raise OptionError(f"The plan {name} must hold at least one run, and each recipe once.")
    return plan
