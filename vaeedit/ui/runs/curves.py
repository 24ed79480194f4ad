"""The curves of runs, by logged value: which there are, and their points."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from vaeedit.ui.runs.reading import Run

Against = Literal["steps", "hours"]
LEVEL, LEVELS = "kl_", "kl by level"
"""How the names of KL divergences of levels begin, and the choice that stands for all of them."""
PSNR = "psnr"
TITLES = {
    "loss": "Loss",
    PSNR: "PSNR",
    "kl": "KL divergence",
    LEVELS: "KL divergence by level",
    "elbo": "ELBO",
}


@dataclass(frozen=True)
class Line:
    """The points of one value of one run. A point without y is no finite number."""

    name: str
    color: int
    """Number of its color and pattern."""
    x: list[float]
    y: list[float | None]
    dots: bool = False
    """Whether it is measured on held-out images: few points, each of which counts."""

    def smoothed(self, weight: float) -> "Line":
        """The exponential moving average whose older values weigh `weight`, from 0 to 1; 0 leaves all as it is.

        It is free of the bias of its beginning (Kingma and Ba 2015, Adam, section 3).
        """
        total = share = 0.0
        averaged: list[float | None] = []
        for value in self.y:
            if value is None:
                averaged.append(None)
                continue
            total = weight * total + (1 - weight) * value
            share = weight * share + (1 - weight)
            averaged.append(total / share)
        return replace(self, y=averaged)


@dataclass(frozen=True)
class Panel:
    """The lines of one value."""

    title: str
    unit: str
    lines: list[Line]


def values_of(runs: Iterable[Run]) -> list[str]:
    """The values that can be shown: loss, PSNR and KL first."""
    found: dict[str, None] = {}
    for run in runs:
        found |= dict.fromkeys([PSNR] if run.measured else [])
        for row in run.rows:
            found |= dict.fromkeys(LEVELS if name.startswith(LEVEL) else name for name in row.values)
    first = [name for name in ("loss", PSNR, "kl", LEVELS) if name in found]
    return first + [name for name in found if name not in first]


def title(name: str) -> str:
    """What a value is called on the page."""
    if name.startswith(LEVEL):
        return f"KL divergence of level {name.removeprefix(LEVEL)}"
    return TITLES.get(name, name.capitalize())


def panels(runs: Sequence[Run], values: Sequence[str], against: Against) -> list[Panel]:
    """A panel for each value with a line for each run. The levels of a single run share one panel."""
    made = []
    for value in values:
        levels = _levels(runs) if value == LEVELS else []
        if levels and len(runs) == 1:
            lines = [
                _logged(runs[0], name, against, place, f"level {name.removeprefix(LEVEL)}")
                for place, name in enumerate(levels)
            ]
            made.append(Panel(title(value), _unit(runs, "kl"), lines))
        else:
            made += [_panel(runs, name, against) for name in levels or [value]]
    return [panel for panel in made if panel.lines]


def _levels(runs: Iterable[Run]) -> list[str]:
    names = {name for run in runs for row in run.rows for name in row.values if name.startswith(LEVEL)}
    return sorted(names, key=lambda name: (len(name), name))


def _panel(runs: Sequence[Run], name: str, against: Against) -> Panel:
    lines = [_logged(run, name, against, place, run.name) for place, run in enumerate(runs)]
    if name == PSNR:
        lines += [_held_out(run, against, place) for place, run in enumerate(runs)]
    return Panel(title(name), _unit(runs, name), [line for line in lines if line.x])


def _logged(run: Run, name: str, against: Against, color: int, called: str) -> Line:
    rows = [row for row in run.rows if name in row.values]
    x = [row.step if against == "steps" else row.minutes / 60 for row in rows]
    return Line(called, color, x, [_finite(row.values[name]) for row in rows])


def _held_out(run: Run, against: Against, color: int) -> Line:
    x = [row.step if against == "steps" else row.minutes / 60 for row in run.measured]
    return Line(f"{run.name}, held out", color, x, [_finite(row.psnr) for row in run.measured], dots=True)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _unit(runs: Iterable[Run], name: str) -> str:
    """dB of PSNR, else that of the losses where all runs have the same."""
    if name == PSNR:
        return "dB"
    units = {run.rows[-1].unit for run in runs if run.rows}
    return units.pop() if len(units) == 1 else ""
