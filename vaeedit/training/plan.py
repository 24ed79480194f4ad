"""A plan of a standing job: which models are trained in turn, and by which recipes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from vaeedit.documents import text_of
from vaeedit.errors import OptionError, UnknownName
from vaeedit.options import Options, option
from vaeedit.training.recipe import parsed


class PlannedRun(Options, frozen=True):
    """One model of a plan."""

    recipe: Annotated[str, option("Name of a recipe, or a YAML file.")]
    share: Annotated[
        float, option("Share of the time, in proportion to the shares of the others.", ge=0.001)
    ] = 1.0
    start: Annotated[
        str, option("VAE that training starts from; by default the one with the recipe's name.")
    ] = ""

    @property
    def name(self) -> str:
        """Name of the run's folder, and of the run in --branch."""
        return Path(self.recipe).stem


class Plan(Options, frozen=True):
    """The runs that share the time of a job."""

    runs: Annotated[tuple[PlannedRun, ...], option("The models to train.")]
    turn: Annotated[float, option("Length of a turn in minutes; then another run has its turn.", ge=0.01)] = (
        30.0
    )
    held_out: Annotated[
        int, option("Images that are held out from training, to measure the PSNR on them.", ge=1)
    ] = 16

    def next(self, spent: Sequence[float]) -> PlannedRun:
        """The run that has used least of its share; `spent` holds the seconds that each has been trained."""
        used = [seconds / run.share for seconds, run in zip(spent, self.runs, strict=True)]
        return self.runs[used.index(min(used))]

    def find(self, name: str) -> PlannedRun:
        """The run with this name; raises UnknownName."""
        known = {run.name: run for run in self.runs}
        if name not in known:
            raise UnknownName("run of the plan", name, known)
        return known[name]


def load_plan(name: str) -> Plan:
    """Read the plan in a YAML file; raises UsageError or OptionError."""
    plan = parsed(Plan, text_of(Path(name)), name)
    names = [run.name for run in plan.runs]
    if not names or len(set(names)) < len(names):
        raise OptionError(f"The plan {name} must hold at least one run, and each recipe only once.")
    return plan
