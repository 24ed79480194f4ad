"""Charts as SVG, and the same numbers as tables. All text of runs is escaped."""

from collections.abc import Sequence
from html import escape

from vaeedit.plain import plain
from vaeedit.ui.runs.axis import Axis, short
from vaeedit.ui.runs.curves import Against, Line, Panel

WIDTH, HEIGHT = 420, 250
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 8, 40
"""Margins, in the units of the picture, which are pixels on a screen of 440 pixels."""
BEGINNING = 0.02
"""Share of a run, at its beginning, whose values may lie outside of the axes."""
OUTLIERS = 0.04
"""The same of the smallest and the largest values where the axis is logarithmic, so that the beginning is wide."""
COLORS = 8
"""Colors and patterns of lines, in runs.css."""
ROWS = 12
"""Most rows of each line in a table: a choice of its points, with the last one."""


def shown(text: str) -> str:
    """Text of a run for HTML."""
    return escape(plain(text))


def swatch(color: int) -> str:
    """A short piece of a line, for legends."""
    path = f'<path class="line c{color % COLORS}" d="M1 4H27"/>'
    return f'<svg class="swatch" viewBox="0 0 28 8" aria-hidden="true">{path}</svg>'


def chart(panel: Panel, against: Against, *, smoothing: float, log: bool) -> str:
    """A figure of a panel, with a legend where its lines are not runs, and a description for those who cannot see it."""
    drawn = [line if line.dots else line.smoothed(smoothing) for line in panel.lines]
    x, y = _axes(drawn, log)
    faint = [_curve(line, x, y, "raw") for line in panel.lines if smoothing and not line.dots]
    curves = [_curve(line, x, y, "dots" if line.dots else "line") for line in drawn]
    unit = f" ({shown(panel.unit)})" if panel.unit else ""
    said = shown(f"{panel.title} against {against}. {_ends(panel)}")
    box = f"{LEFT} {TOP} {WIDTH - LEFT - RIGHT} {HEIGHT - TOP - BOTTOM}"
    left, top, width, height = box.split()
    return (
        f'<figure class="chart"><figcaption><b>{shown(panel.title)}</b>{unit}{_legend(panel)}</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">{"".join(_grid(x, y))}{_label(against)}'
        f'<svg x="{left}" y="{top}" width="{width}" height="{height}" viewBox="{box}">{"".join(faint + curves)}</svg>'
        "</svg></figure>"
    )


def table(panel: Panel, against: Against) -> str:
    """The numbers of a panel as an HTML table, without smoothing."""
    unit = f", {panel.unit}" if panel.unit else ""
    rows = [
        f"<tr><td>{shown(line.name)}</td><td>{short(x)}</td><td>{'not finite' if y is None else short(y)}</td></tr>"
        for line in panel.lines
        for x, y in _thinned(line)
    ]
    head = f"<tr><th>run or level</th><th>{against}</th><th>{shown(panel.title + unit)}</th></tr>"
    return f"<table><caption>{shown(panel.title)}</caption><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


def _axes(lines: Sequence[Line], log: bool) -> tuple[Axis, Axis]:
    """The axes that the lines fit, but for their beginnings."""
    late = sorted(
        y
        for line in lines
        for x, y in zip(line.x, line.y, strict=True)
        if y is not None and (log or x >= BEGINNING * line.x[-1])
    ) or [0.0, 1.0]
    across = [x for line in lines for x in line.x]
    outside = int(OUTLIERS * len(late)) if log else 0
    low, high = late[outside], late[-1 - outside]
    room = 0.04 * (high - low)
    x = Axis.around(across if log else [0.0, *across], LEFT, WIDTH - RIGHT, log=log)
    return x, Axis.around([low - room, high + room], HEIGHT - BOTTOM, TOP)


def _curve(line: Line, x: Axis, y: Axis, kind: str) -> str:
    """A path, which breaks where there is no number, and dots for measurements on held-out images."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for at, value in zip(line.x, line.y, strict=True):
        across, up = x.at(at), None if value is None else y.at(value)
        if across is None or up is None:
            pieces.append([])
        else:
            pieces[-1].append((across, up))
    path = "".join("M" + "L".join(f"{a} {b}" for a, b in piece) for piece in pieces if piece)
    color = f"c{line.color % COLORS}"
    dots = [
        f'<circle class="{color}" cx="{a}" cy="{b}" r="2.6"/>'
        for piece in pieces
        for a, b in piece
        if line.dots or len(piece) == 1
    ]
    name = f"<title>{shown(line.name)}</title>"
    return f'<g class="{kind}">{name}<path class="line {color}" d="{path}"/>{"".join(dots)}</g>'


def _grid(x: Axis, y: Axis) -> list[str]:
    """Lines at the ticks, and their numbers."""
    bottom = HEIGHT - BOTTOM
    up = [
        f'<path class="grid" d="M{LEFT} {y.at(tick)}H{WIDTH - RIGHT}"/>'
        f'<text x="{LEFT - 6}" y="{(y.at(tick) or 0) + 4}" text-anchor="end">{short(tick)}</text>'
        for tick in y.ticks
    ]
    across = [
        f'<path class="grid" d="M{x.at(tick)} {TOP}V{bottom}"/>'
        f'<text x="{x.at(tick)}" y="{bottom + 16}" text-anchor="middle">{short(tick)}</text>'
        for tick in x.ticks
    ]
    return up + across


def _label(against: Against) -> str:
    name = "steps" if against == "steps" else "hours of training"
    return f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{name}</text>'


def _legend(panel: Panel) -> str:
    """What the lines are, where colors do not stand for runs, and what dots mean."""
    if all(line.name.startswith("level ") for line in panel.lines):
        return "".join(
            f' <span class="key">{swatch(line.color)} {shown(line.name)}</span>' for line in panel.lines
        )
    if any(line.dots for line in panel.lines):
        lines = "lines: crops of training, " if any(not line.dots for line in panel.lines) else ""
        return f' <span class="key">{lines}dots: held-out images</span>'
    return ""


def _ends(panel: Panel) -> str:
    """The last value of each line, in words."""
    last = [(line.name, next((y for y in reversed(line.y) if y is not None), None)) for line in panel.lines]
    said = ", ".join(f"{name}: {short(value)}" for name, value in last if value is not None)
    return f"At the end: {said} {panel.unit}".rstrip() + "."


def _thinned(line: Line) -> list[tuple[float, float | None]]:
    points = list(zip(line.x, line.y, strict=True))
    every = -(-len(points) // ROWS)
    return points[::-1][::every][::-1]
