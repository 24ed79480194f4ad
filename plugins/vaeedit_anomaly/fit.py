"""Fitting: from a folder of normal images to one file with a model that scores other images."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vaeedit.api import Budget
from vaeedit_anomaly.fitting import Fitting, Wishes
from vaeedit_anomaly.layouts import Layout
from vaeedit_anomaly.recipe import recipe_for
from vaeedit_anomaly.schedule import Clock, Say, Schedule, Stage, budget_of, minutes, silent
from vaeedit_anomaly.survey import survey
from vaeedit_anomaly.work import PICTURES, Work, described

FEWEST_STEPS = 2000
"""Fewer training steps are a warning. On magnetic tiles, 1,392 gave an image AUROC of .898, and 4,450 one of .928."""
JUDGE = 0.25
"""Time of texture and judge, as a share of that of the training."""
OVERRUN = 1.0
"""Seconds beyond the budget that are not worth a warning."""


def fit(
    normals: Path,
    output: Path,
    budget: Budget,
    *,
    false_alarms: float = 0.01,
    seed: int = 0,
    layout: Layout | None = None,
    device: str = "auto",
    suspicious: Path | None = None,
    leave_out: float = 0.0,
    resume: bool = False,
    replace: bool = False,
    say: Say = silent,
    warn: Say | None = None,
    progress: Say = silent,
    now: Callable[[], float] = time.monotonic,
    started: float | None = None,
) -> dict[str, Any]:
    """Train a restorer on the normal images, calibrate it on held-out ones, write it to `output`, and return a summary.

    Without a `layout` it is found out. `budget` is the time for everything, from `started` (a value of the clock `now`) to
    the written file; with a number of steps no clock is used. `suspicious` is a table (CSV) to write, with the most
    suspicious of the images first; `leave_out` is the share of them that the model does not learn from. `resume` continues
    an interrupted fit, with the same images and options; `replace` discards it. `say` receives messages, `warn` warnings (by
    default `say`), which the summary holds too, and `progress` how many images are done. Raises UsageError for a folder that
    is not enough for a model, for an interrupted fit that would be lost, and for one that was begun otherwise; and
    MissingExtra if the packages for training are not installed.
    """
    clock = Clock(now=now, started=started, seconds=budget.seconds if budget.steps is None else math.inf)
    wishes = Wishes(budget, false_alarms, seed, layout, device, say, warn or say, suspicious, leave_out)
    asked = {**wishes.asked, PICTURES: described(normals)}
    chosen = survey(normals, seed)
    work = Work.open(output, asked, resume=resume, replace=replace)
    fitting = Fitting(chosen, work, wishes, clock, recipe_for(chosen, output.name, seed))
    clock.before = work.state.spent + (0.0 if "training" in work.state.done else fitting.trained)
    for sentence in chosen.doubts:
        fitting.doubt(sentence)
    say(str(fitting))
    with kept_for_resume(work, say):
        schedule = Schedule(stages_of(fitting), clock, budget.steps, say, progress)
        schedule.run(work.state.done, work.finish)
        summary = fitting.written()
        work.remove()
    for sentence in (*few_steps(fitting, summary), *overrun(clock)):
        fitting.doubt(sentence)
    return {**summary, "seconds": round(clock.spent, 1), "warnings": fitting.doubts}


@contextmanager
def kept_for_resume(work: Work, say: Say) -> Iterator[None]:
    """If its block fails, keep the work folder where it is worth it, and say how an interrupted fit is continued."""
    try:
        yield
    except BaseException as error:
        if not work.worth_keeping:
            work.remove()
        elif not isinstance(error, Exception):
            say("The fit was interrupted; the same command with --resume continues it.")
        raise


def stages_of(fitting: Fitting) -> list[Stage]:
    """The stages of a fit, in their order; `schedule` says how another one is added."""
    return [
        Stage("suspicion", fitting.suspect, again=True),
        Stage("preparation", fitting.prepare),
        Stage("rehearsal", fitting.rehearse, again=True),
        Stage("training", fitting.train, share=1.0),
        Stage("memory", fitting.remember, cost=lambda: fitting.costs.memory(fitting.survey)),
        Stage("judge", fitting.judge, cost=lambda: fitting.costs.judge(fitting.survey), share=JUDGE),
        Stage("calibration", fitting.calibrate, cost=lambda: fitting.costs.calibration(fitting.survey)),
    ]


def few_steps(fitting: Fitting, summary: dict[str, Any]) -> Iterator[str]:
    """A warning if the network was trained for less than `FEWEST_STEPS`, with what to do about it."""
    steps, clock = summary["steps"], fitting.clock
    if steps >= FEWEST_STEPS:
        return
    cure = f"--steps {FEWEST_STEPS}"
    if clock.seconds < math.inf:
        trained = 60 * summary["minutes"]
        needed = clock.spent - trained + trained / max(steps, 1) * FEWEST_STEPS
        cure = f"--budget {budget_of(1.1 * needed)}"
    yield f"The model was trained for {steps} steps only and will miss defects; give {cure} or more."


def overrun(clock: Clock) -> Iterator[str]:
    """A warning if the budget was not kept, with one that would be."""
    if clock.left < -OVERRUN:
        yield (
            f"The fit took {minutes(clock.spent)} instead of {minutes(clock.seconds)}: training at least half of the time, "
            f"it needs more. Give --budget {budget_of(2 * clock.spent)}."
        )
