"""Curves: the values that runs of `vaeedit train` have logged."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from vaeedit.api import UnknownName, UsageError, read_curve, read_metrics
from vaeedit_show.style import COLORS, figure, tidied

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Against = Literal["steps", "minutes"]
Points = tuple[list[float], list[float]]
"""Steps or minutes, and values."""
PSNR, HELD_OUT = "psnr", "held-out psnr"
BEGINNING = 0.02
"""Share of a run, at its beginning, whose values may lie outside of the axes."""


def curves(
    runs: Sequence[str | Path],
    *,
    values: Sequence[str] = (),
    against: Against = "steps",
    log: bool = False,
) -> "Figure":
    """A matplotlib figure with a panel for each logged value, and a line in it for each run.

    `values` chooses names of the log. The axis of steps or minutes is logarithmic with `log`. Raises UsageError, UnknownName
    or MissingExtra.
    """
    read = {name: _read(folder, against) for name, folder in zip(_names(runs), map(Path, runs), strict=True)}
    units: dict[str, str] = {}
    for unit, found in read.values():
        units |= {name: "dB" if name in (PSNR, HELD_OUT) else unit for name in found}
    for name in values:
        if name not in units:
            raise UnknownName("logged value", name, units)
    panels = [name for name in values or units if name != HELD_OUT or PSNR not in (values or units)]
    longest = max(max(x) for _, found in read.values() for x, _ in found.values())
    columns = min(3, len(panels)) if len(panels) != 4 else 2
    rows = -(-len(panels) // columns)
    drawn = figure(max(4.8, 3.4 * columns), 2.7 * rows + 0.4)
    for place, name in enumerate(panels, 1):
        axes = drawn.add_subplot(rows, columns, place)
        _panel(axes, name, {run: found for run, (_, found) in read.items()}, log=log, longest=longest)
        axes.set_title(_title(name), fontsize=11)
        axes.set(ylabel=units[name], xlabel=against if against == "steps" else "minutes of training")
        tidied(axes, grid=True)
    handles, names = drawn.axes[0].get_legend_handles_labels()
    if len(read) > 1:
        drawn.legend(handles, names, loc="outside upper center", ncols=min(len(read), 4), frameon=False)
    return drawn


def _read(folder: Path, against: Against) -> tuple[str, dict[str, Points]]:
    """The unit of the losses, and every value of a run."""
    rows, measured = read_metrics(folder), read_curve(folder)
    if not rows and not measured:
        missing = "There is no folder" if not folder.is_dir() else "There is no metrics.jsonl in the folder"
        raise UsageError(f"{missing} {folder}; `vaeedit train --run {folder}` of this version writes it.")
    found: dict[str, Points] = {}
    for row in rows:
        for name, value in row.values.items():
            x, y = found.setdefault(name, ([], []))
            x.append(row.step if against == "steps" else row.minutes)
            y.append(np.nan if value is None else value)
    if measured:
        at = [float(row.step if against == "steps" else row.minutes) for row in measured]
        found[HELD_OUT] = at, [row.psnr for row in measured]
    return (rows[-1].unit if rows else ""), found


def _names(runs: Sequence[str | Path]) -> list[str]:
    """Names of the folders or, where these are not different, their paths."""
    short = [Path(run).resolve().name for run in runs]
    return short if len(set(short)) == len(short) else [str(run) for run in runs]


def _panel(
    axes: "Axes", name: str, runs: Mapping[str, Mapping[str, Points]], *, log: bool, longest: float
) -> None:
    """Draw one value of all runs, that of held-out images beside it as a broken line."""
    seen: list[tuple[np.ndarray, np.ndarray]] = []
    for place, (run, found) in enumerate(runs.items()):
        color = COLORS[place * 4 % len(COLORS)] if len(runs) < 3 else COLORS[place % len(COLORS)]
        both = {name: "-", **({HELD_OUT: "--"} if name == PSNR else {})}
        for one, line in both.items():
            if one in found:
                label = run if one == name else None
                axes.plot(*found[one], line, color=color, linewidth=1.5, label=label)
                seen.append((np.array(found[one][0]), np.array(found[one][1])))
    if log:
        axes.set_xscale("log")
        return
    late = np.concatenate([y[x >= BEGINNING * x.max()] for x, y in seen])
    low, high = np.nanmin(late), np.nanmax(late)
    axes.set_ylim(low - 0.05 * (high - low) - 1e-9, high + 0.05 * (high - low) + 1e-9)
    axes.set_xlim(0, longest)


def _title(name: str) -> str:
    level = name.removeprefix("kl_")
    if level != name:
        return f"KL divergence of level {level}"
    return {PSNR: "PSNR", HELD_OUT: "PSNR of held-out images", "kl": "KL divergence"}.get(name, name)
