"""How figures look: colors that color-blind people can distinguish, and matplotlib without a display."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from vaeedit.api import MissingExtra, UsageError, write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS = (
    "#332288", "#88CCEE", "#117733", "#DDCC77", "#CC6677", "#AA4499", "#44AA99", "#999933", "#882255", "#888888",
)  # fmt: skip
"""The palette "muted" of Paul Tol, and gray."""
MARKERS = "os^DvPX*"
"""Shapes of points: the next one after every ten classes."""
FORMATS = (".png", ".svg", ".pdf")
INCH = 150
"""Pixels of an inch in a PNG."""


def figure(width: float, height: float) -> Figure:
    """An empty figure of this size in inches; raises MissingExtra."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtra("Drawing figures", "show") from None
    return Figure((width, height), dpi=INCH, layout="constrained")


def tidied(axes: Axes, *, grid: bool = False) -> None:
    """Remove lines that carry no information."""
    axes.spines[["top", "right"]].set_visible(False)
    if grid:
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)


def require_figure(path: Path) -> None:
    """Raise UsageError for a file name that is none of a figure."""
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{path} is no figure; its name must end in {', '.join(FORMATS)}.")


def save(drawn: Figure, path: Path) -> None:
    """Write a figure in the format of its extension, whole or not at all; raises ImageError."""
    buffer = io.BytesIO()
    drawn.savefig(buffer, format=path.suffix.lower().removeprefix("."), dpi=INCH)
    write_whole(path, buffer.getvalue())
